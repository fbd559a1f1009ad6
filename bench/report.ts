/** A shape's results: as text for the terminal, and as what docs/PERFORMANCE.md is made of. */
import { markdownTable } from './page';
import { MOST_MEGABYTES, SHORT_MESSAGES, titleOf, type Shape, type SubjectName, type Target } from './shapes';
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

const decimals = (value: number, digits: number): string => (Number.isFinite(value) ? value.toFixed(digits) : '–');
const count = (value: number): string => Math.round(value).toLocaleString('en');

const HEADER = ['', 'CPU µs a message', 'min to max', 'messages/s', 'peak MB', 'lost'];

/** Of each run: what did not arrive. More than was sent is not lost, but told. */
const lost = ({ sent, delivered }: Result): string => {
  if (delivered > sent) return `0, ${count(delivered - sent)} twice`;
  return count(sent - delivered);
};

/** Of a subject that samples there is no number that must arrive. */
const lostOf = (name: string, runs: readonly Result[]): string => {
  if (name.startsWith('slice'))
    return runs.map(({ sent, delivered }) => `${((delivered / sent) * 100).toFixed(1)} % sent on`).join(', ');
  const each = runs.map(lost);
  return new Set(each).size === 1 ? (each[0] ?? '') : each.join(', ');
};

const peakOf = (runs: readonly Result[]): number => Math.max(...runs.map(({ peakMegabytes }) => peakMegabytes));

const row = ({ name, missing, runs }: Measured): readonly string[] => {
  const middle = median(runs);
  if (!middle) return [name, missing ?? 'no run', '', '', '', ''];
  const sorted = byCpu(runs);
  return [
    missing === undefined ? name : `${name} (${runs.length} of the runs; then ${missing})`,
    middle.cpuMicros.toFixed(2),
    `${sorted[0]?.cpuMicros.toFixed(2) ?? ''} to ${sorted.at(-1)?.cpuMicros.toFixed(2) ?? ''}`,
    count(middle.perSecond),
    decimals(peakOf(runs), 0),
    lostOf(name, runs),
  ];
};

const find = (measured: readonly Measured[], name: string | undefined): Measured | undefined =>
  measured.find((each) => name !== undefined && each.name.split(/[ ,]/)[0] === name);

const cpuOf = (measured: readonly Measured[], name: string | undefined): number | undefined =>
  median(find(measured, name)?.runs ?? [])?.cpuMicros;

const PEERS: readonly SubjectName[] = ['kcat', 'rsyslog', 'syslog-ng'];

/** The peer that costs least. */
const bestPeer = (measured: readonly Measured[]): SubjectName | undefined =>
  PEERS.filter((name) => cpuOf(measured, name) !== undefined).sort(
    (a, b) => (cpuOf(measured, a) ?? NaN) - (cpuOf(measured, b) ?? NaN),
  )[0];

const judged = (text: string, met: boolean): string => `${text}: ${met ? 'met' : '**missed**'}`;

/** `0.72 × kcat (at most 0.8): met`. */
const ratioTo = (measured: readonly Measured[], ours: number, { of, atMost, orMicros }: Target): string => {
  const theirs = cpuOf(measured, of);
  const wanted =
    atMost === undefined ? '' : ` (at most ${atMost}${orMicros === undefined ? '' : `, or ${orMicros} µs`})`;
  if (theirs === undefined) return `no ${of} to compare with${wanted}`;
  const ratio = ours / theirs;
  const text = `${ratio.toFixed(2)} × ${of}${wanted}`;
  return atMost === undefined ? text : judged(text, ratio <= atMost || ours <= (orMicros ?? 0));
};

/** What is held and what is not; nothing where the shape's own subject has not run. */
const verdicts = ({ subjects: [own], targets }: Shape, measured: readonly Measured[]): readonly string[] => {
  const ours = cpuOf(measured, own);
  if (ours === undefined) return [];
  const peak = peakOf(find(measured, own)?.runs ?? []);
  const memory = judged(`peak ${peak.toFixed(0)} MB (at most ${MOST_MEGABYTES})`, peak <= MOST_MEGABYTES);
  return [...targets.map((target) => ratioTo(measured, ours, target)), memory];
};

/** `0.72 × kcat`, of the peer that costs least. */
const ratioToBest = ({ subjects: [own] }: Shape, measured: readonly Measured[]): string => {
  const ours = cpuOf(measured, own);
  const best = bestPeer(measured);
  return ours === undefined || best === undefined ? '–' : ratioTo(measured, ours, { of: best });
};

const LOOP_HEADER = [
  '',
  'messages/s',
  'connections/s',
  'loop busy',
  'loop µs a message',
  'at a whole core, messages/s',
];

/** The run with the middle rate, as what it says about the loop. */
const loopRow = ({ writes }: Shape, { name, missing, runs }: Measured): readonly string[] => {
  const sorted = runs
    .flatMap(({ loop }) => (loop === undefined ? [] : [loop]))
    .sort((a, b) => a.perSecond - b.perSecond);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (!middle) return [name, missing ?? 'no run', '', '', '', ''];
  const { perSecond, busy, micros } = middle;
  const connections = writes === 'short' ? count(perSecond / SHORT_MESSAGES) : '–';
  return [name, count(perSecond), connections, `${(busy * 100).toFixed(0)} %`, micros.toFixed(2), count(1e6 / micros)];
};

const rowsOf = (shape: Shape, measured: readonly Measured[]): readonly (readonly string[])[] =>
  shape.group === 'loop'
    ? [LOOP_HEADER, ...measured.map((each) => loopRow(shape, each))]
    : [HEADER, ...measured.map(row)];

/** What stands below the table. */
const said = (shape: Shape, measured: readonly Measured[]): string =>
  shape.group === 'loop' ? '' : verdicts(shape, measured).join('; ');

/** One shape as text: a row for each subject, and the ratios to hold. */
export const report = (shape: Shape, measured: readonly Measured[]): string =>
  `\n${titleOf(shape).replaceAll('`', '')}\n${align(rowsOf(shape, measured))}\n${said(shape, measured).replaceAll('*', '')}`;

/** One shape on the page. */
export const reportMarkdown = (shape: Shape, measured: readonly Measured[]): string => {
  const [head = [], ...rows] = rowsOf(shape, measured);
  return `### ${titleOf(shape)}\n\n${markdownTable(head, rows)}\n\n${said(shape, measured)}`.trim();
};

export const SUMMARY_HEADER = ['shape', '', 'CPU µs a message', 'beside the best peer', 'targets'];

/** One shape as a row of the page's first table. */
export const summaryRow = (shape: Shape, measured: readonly Measured[]): readonly string[] => {
  const ours = cpuOf(measured, shape.subjects[0]);
  return [
    `\`${shape.name}\``,
    shape.title,
    ours?.toFixed(2) ?? '–',
    ratioToBest(shape, measured),
    verdicts(shape, measured).join('; '),
  ];
};
