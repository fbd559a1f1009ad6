import type { Shape } from './shapes';
import type { Result } from './subject';

/** A subject's runs of one shape; none when it could not run. */
export interface Measured {
  readonly name: string;
  readonly missing: string | undefined;
  readonly results: readonly Result[];
}

const byCpu = (results: readonly Result[]): readonly Result[] => [...results].sort((a, b) => a.cpuMicros - b.cpuMicros);

/** The run in the middle, by CPU a message. */
const median = (results: readonly Result[]): Result | undefined => byCpu(results)[Math.floor((results.length - 1) / 2)];

const HEADER = ['', 'CPU µs/message', '(min to max)', 'messages/s', 'peak MB', 'sent', 'delivered'];

const row = ({ name, missing, results }: Measured): readonly string[] => {
  const middle = median(results);
  if (!middle) return [name, missing ?? 'no run'];
  const sorted = byCpu(results);
  return [
    name,
    middle.cpuMicros.toFixed(2),
    `${sorted[0]?.cpuMicros.toFixed(2) ?? ''} to ${sorted.at(-1)?.cpuMicros.toFixed(2) ?? ''}`,
    Math.round(middle.perSecond).toLocaleString('en'),
    Math.max(...results.map(({ peakMegabytes }) => peakMegabytes)).toFixed(0),
    String(middle.sent),
    results.map(({ sent, delivered }) => (sent === delivered ? 'all' : String(delivered))).join(' '),
  ];
};

const table = (rows: readonly (readonly string[])[]): string => {
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  return rows
    .map((cells) =>
      cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
    )
    .join('\n');
};

/** Ours beside the peer that the shape's target names. */
const verdict = ({ target }: Shape, measured: readonly Measured[]): string => {
  const cpuOf = (prefix: string): number | undefined =>
    median(measured.find(({ name }) => name.startsWith(prefix))?.results ?? [])?.cpuMicros;
  const [ours, theirs] = [cpuOf('kahets'), cpuOf(target.peer)];
  if (ours === undefined || theirs === undefined) return `target: at most ${target.ratio} × ${target.peer}`;
  const ratio = ours / theirs;
  return `${ratio.toFixed(2)} × ${target.peer}; target: at most ${target.ratio} ×: ${ratio <= target.ratio ? 'met' : 'missed'}`;
};

/** One shape as text: a row for each subject, and the ratio to hold. */
export const report = (shape: Shape, measured: readonly Measured[]): string =>
  `\n${shape.title} (${shape.name}, ${shape.messages.toLocaleString('en')} messages)\n${table([HEADER, ...measured.map(row)])}\n${verdict(shape, measured)}`;
