/** Growths as text for the terminal, and as sections of the page. */
import { minToMax } from '../figures';
import { measuredOn } from '../machine';
import { markdownTable } from '../page';
import { align } from '../table';
import type { Growth } from './growth';
import { CLIFF, factorsOf, middleOf, type Step } from './series';

export interface Grown {
  readonly growth: Growth;
  readonly steps: readonly Step[];
}

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(value < 1 ? 2 : 3);

const heads = ({ unit, bytesAt, even }: Growth): readonly string[] => [
  unit,
  'CPU µs/message',
  '(min to max)',
  ...(bytesAt ? ['CPU ns/byte'] : []),
  even === true ? '× the step before' : '× a decade',
  'messages/s',
  'bytes/read',
  'peak MB',
];

const rowOf = (growth: Growth, factors: ReadonlyMap<number, number>, step: Step): readonly string[] => {
  const { x, label, costs, failed } = step;
  const middle = middleOf(costs);
  if (!middle) return [label, failed ?? 'no run'];
  const factor = factors.get(x);
  return [
    label,
    number(middle.cpuMicros),
    minToMax(
      costs.map(({ cpuMicros }) => cpuMicros),
      number,
    ),
    ...(growth.bytesAt ? [number((middle.cpuMicros * 1000) / growth.bytesAt(x))] : []),
    factor === undefined ? '' : `${factor.toFixed(2)}${factor > CLIFF ? ' !' : ''}`,
    Math.round(middle.perSecond).toLocaleString('en'),
    Math.round(middle.bytesARead).toLocaleString('en'),
    Math.max(...costs.map(({ peakMegabytes }) => peakMegabytes)).toFixed(0),
  ];
};

const rows = ({ growth, steps }: Grown): readonly (readonly string[])[] => {
  const factors = factorsOf(growth, steps);
  return steps.map((step) => rowOf(growth, factors, step));
};

/** For the terminal. */
export const growthText = (grown: Grown): string =>
  `\n${grown.growth.title} (${grown.growth.name}): ${grown.growth.what}\n${align([heads(grown.growth), ...rows(grown)])}`;

/** Where a picture lies, seen from docs/. */
export const pictureOf = ({ name }: Pick<Growth, 'name'>): string => `growth/${name}.svg`;

/** A growth with its table and picture, below a heading of its own. */
const growthMarkdown = (grown: Grown): string => {
  const { title, name, what, why } = grown.growth;
  const runs = Math.max(...grown.steps.map(({ costs }) => costs.length));
  return [
    `### ${title} (\`${name}\`)`,
    '',
    `${what}. ${measuredOn(`npm run bench:growth -- ${name} --runs ${runs} --write`)}`,
    '',
    `![${title}](${pictureOf(grown.growth)})`,
    '',
    markdownTable(heads(grown.growth), rows(grown)),
    ...(why === undefined ? [] : ['', why]),
  ].join('\n');
};

const INTRODUCTION = `## Growth

What a message costs the daemon as one quantity grows: user and system CPU of the whole process, warm, until all messages stand in the broker's end offsets (or
in the file), the median of the runs. Opening and closing connections is not in it. *× a decade*: by what the step multiplies the cost, were it a step of ten times; \`!\` marks more
than ${CLIFF}. *bytes/read*: what comes with one read on average. The broker and the sender of the load share the machine.`;

const PART = /^### .*\(`([\w-]+)`\)$/;

/** The parts of a section by name, each with its heading. */
const partsOf = (section: string): ReadonlyMap<string, string> => {
  const parts = new Map<string, string>();
  for (const part of section.split(/^(?=### )/m)) {
    const [head = ''] = part.split('\n', 1);
    const name = PART.exec(head)?.[1];
    if (name !== undefined) parts.set(name, part.trim());
  }
  return parts;
};

/** The section in which those that were measured are new and the others stay as they stand in `before`, all in the order of `names`. */
export const growthSection = (before: string, grown: readonly Grown[], names: readonly string[]): string => {
  const parts = new Map(partsOf(before));
  for (const each of grown) parts.set(each.growth.name, growthMarkdown(each));
  return [INTRODUCTION, ...names.flatMap((name) => parts.get(name) ?? [])].join('\n\n');
};
