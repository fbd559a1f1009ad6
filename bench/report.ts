import type { Shape } from './shapes';
import type { Result } from './subject';
import { align } from './table';

/** A subject's runs of one shape; none when it could not run. */
export interface Measured {
  readonly name: string;
  readonly missing: string | undefined;
  readonly runs: readonly Result[];
}

const byCpu = (runs: readonly Result[]): readonly Result[] => [...runs].sort((a, b) => a.cpuMicros - b.cpuMicros);

/** The run in the middle, by CPU a message. */
const median = (runs: readonly Result[]): Result | undefined => byCpu(runs)[Math.floor((runs.length - 1) / 2)];

const HEADER = ['', 'CPU µs/message', '(min to max)', 'messages/s', 'peak MB', 'sent', 'delivered'];

const row = ({ name, missing, runs }: Measured): readonly string[] => {
  const middle = median(runs);
  if (!middle) return [name, missing ?? 'no run'];
  const sorted = byCpu(runs);
  return [
    name,
    middle.cpuMicros.toFixed(2),
    `${sorted[0]?.cpuMicros.toFixed(2) ?? ''} to ${sorted.at(-1)?.cpuMicros.toFixed(2) ?? ''}`,
    Math.round(middle.perSecond).toLocaleString('en'),
    Math.max(...runs.map(({ peakMegabytes }) => peakMegabytes)).toFixed(0),
    String(middle.sent),
    runs.map(({ sent, delivered }) => (sent === delivered ? 'all' : String(delivered))).join(' '),
  ];
};

/** Ours beside the peer that the shape names. */
const verdict = ({ target }: Shape, measured: readonly Measured[]): string => {
  const cpuOf = (prefix: string): number | undefined =>
    median(measured.find(({ name }) => name.startsWith(prefix))?.runs ?? [])?.cpuMicros;
  const [ours, theirs] = [cpuOf('kahets'), cpuOf(target.peer)];
  const wanted = target.ratio === undefined ? '' : `target: at most ${target.ratio} × ${target.peer}`;
  if (ours === undefined || theirs === undefined) return wanted;
  const ratio = ours / theirs;
  const judged = target.ratio === undefined ? '' : `; ${wanted}: ${ratio <= target.ratio ? 'met' : 'missed'}`;
  return `${ratio.toFixed(2)} × ${target.peer}${judged}`;
};

/** One shape as text: a row for each subject, and the ratio to hold. */
export const report = (shape: Shape, measured: readonly Measured[]): string =>
  `\n${shape.title} (${shape.name}, ${shape.messages.toLocaleString('en')} messages)\n${align([HEADER, ...measured.map(row)])}\n${verdict(shape, measured)}`;
