import { middleBy } from '../figures';
import type { Growth } from './growth';
import type { Cost } from './measure';

/** The runs of one step. */
export interface Step {
  readonly x: number;
  readonly label: string;
  readonly costs: readonly Cost[];
  /** Why there is no run. */
  readonly failed?: string | undefined;
}

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** A decade that multiplies the cost by more has a reason, or is a cliff. */
export const CLIFF = 2;

/** The run in the middle, by CPU a message. */
export const middleOf = (costs: readonly Cost[]): Cost | undefined => middleBy(costs, ({ cpuMicros }) => cpuMicros);

const pointsOf = (steps: readonly Step[], costAt: (cpuMicros: number, x: number) => number): Series['points'] =>
  steps.flatMap(({ x, costs }) => {
    const middle = middleOf(costs);
    return middle ? [{ x, y: costAt(middle.cpuMicros, x) }] : [];
  });

const aMessage = (steps: readonly Step[]): Series => ({
  name: 'CPU µs a message',
  points: pointsOf(steps, (cpuMicros) => cpuMicros),
});

const aByte = (steps: readonly Step[], bytesAt: (x: number) => number): Series => ({
  name: 'CPU ns a byte',
  points: pointsOf(steps, (cpuMicros, x) => (cpuMicros * 1000) / bytesAt(x)),
});

/** What is drawn: the cost a message, and a byte where messages grow. The last is what is to stay the same. */
export const seriesOf = ({ bytesAt }: Pick<Growth, 'bytesAt'>, steps: readonly Step[]): readonly Series[] =>
  bytesAt ? [aMessage(steps), aByte(steps, bytesAt)] : [aMessage(steps)];

/**
 * By what the cost is multiplied from the step before to each, were that step a decade; of even steps, by what it is
 * multiplied. Undefined for the first, and for those without a run.
 */
export const factorsOf = (
  growth: Pick<Growth, 'bytesAt' | 'even'>,
  steps: readonly Step[],
): ReadonlyMap<number, number> => {
  const points = seriesOf(growth, steps).at(-1)?.points ?? [];
  return new Map(
    points.slice(1).flatMap(({ x, y }, i) => {
      const before = points[i];
      if (!before) return [];
      const wide = growth.even === true ? 1 : Math.log10(x / before.x);
      return [[x, (y / before.y) ** (1 / wide)] as const];
    }),
  );
};
