/** A shape's results: as text for the terminal, and as what docs/PERFORMANCE.md is made of. */
import { middleBy, minToMax } from './figures';
import type { Measured } from './inTurn';
import { markdownTable } from './page';
import { MOST_MEGABYTES, SHORT_MESSAGES, titleOf, type Shape, type SubjectName, type Target } from './shape';
import type { Result, Subject } from './subject';
import { align } from './table';

/** A subject's runs of one shape; none when it could not run. */
export type MeasuredSubject = Measured<Pick<Subject, 'name'>, Result>;

const cpuMicros = (run: Result): number => run.cpuMicros;

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

const row = ({ one: { name }, missing, runs }: MeasuredSubject): readonly string[] => {
  const middle = middleBy(runs, cpuMicros);
  if (!middle) return [name, missing ?? 'no run', '', '', '', ''];
  return [
    missing === undefined ? name : `${name} (${runs.length} of the runs; then ${missing})`,
    middle.cpuMicros.toFixed(2),
    minToMax(runs.map(cpuMicros), (value) => value.toFixed(2)),
    count(middle.perSecond),
    decimals(peakOf(runs), 0),
    lostOf(name, runs),
  ];
};

/** What subjects are called by, of names such as `rsyslog, imptcp`. */
export const firstWord = (name: string): string => name.split(/[ ,]/)[0] ?? '';

const find = (measured: readonly MeasuredSubject[], name: string | undefined): MeasuredSubject | undefined =>
  measured.find(({ one }) => name !== undefined && firstWord(one.name) === name);

const cpuOf = (measured: readonly MeasuredSubject[], name: string | undefined): number | undefined =>
  middleBy(find(measured, name)?.runs ?? [], cpuMicros)?.cpuMicros;

const PEERS: readonly SubjectName[] = ['kcat', 'rsyslog', 'syslog-ng'];

/** The peer that costs least. */
const bestPeer = (measured: readonly MeasuredSubject[]): SubjectName | undefined =>
  PEERS.filter((name) => cpuOf(measured, name) !== undefined).sort(
    (a, b) => (cpuOf(measured, a) ?? NaN) - (cpuOf(measured, b) ?? NaN),
  )[0];

const judged = (text: string, met: boolean): string => `${text}: ${met ? 'met' : '**missed**'}`;

/** `0.72 × kcat (at most 0.8): met`. */
const ratioTo = (measured: readonly MeasuredSubject[], ours: number, { of, atMost, orMicros }: Target): string => {
  const theirs = cpuOf(measured, of);
  const wanted =
    atMost === undefined ? '' : ` (at most ${atMost}${orMicros === undefined ? '' : `, or ${orMicros} µs`})`;
  if (theirs === undefined) return `no ${of} to compare with${wanted}`;
  const ratio = ours / theirs;
  const text = `${ratio.toFixed(2)} × ${of}${wanted}`;
  return atMost === undefined ? text : judged(text, ratio <= atMost || ours <= (orMicros ?? 0));
};

/** What is held and what is not; nothing where the shape's own subject has not run. */
const verdicts = ({ subjects: [own], targets }: Shape, measured: readonly MeasuredSubject[]): readonly string[] => {
  const ours = cpuOf(measured, own);
  if (ours === undefined) return [];
  const peak = peakOf(find(measured, own)?.runs ?? []);
  const memory = judged(`peak ${peak.toFixed(0)} MB (at most ${MOST_MEGABYTES})`, peak <= MOST_MEGABYTES);
  return [...targets.map((target) => ratioTo(measured, ours, target)), memory];
};

/** `0.72 × kcat`, of the peer that costs least. */
const ratioToBest = ({ subjects: [own] }: Shape, measured: readonly MeasuredSubject[]): string => {
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
  'at a whole core, connections/s',
];

/** The run with the middle rate, as what it says about the loop. */
const loopRow = ({ writes }: Shape, { one: { name }, missing, runs }: MeasuredSubject): readonly string[] => {
  const loops = runs.flatMap(({ loop }) => loop ?? []);
  const middle = middleBy(loops, ({ perSecond }) => perSecond);
  if (!middle) return [name, missing ?? 'no run', '', '', '', '', ''];
  const { perSecond, busy, micros } = middle;
  const connections = (messages: number): string => (writes === 'short' ? count(messages / SHORT_MESSAGES) : '–');
  const atMost = 1e6 / micros;
  return [
    name,
    count(perSecond),
    connections(perSecond),
    `${(busy * 100).toFixed(0)} %`,
    micros.toFixed(2),
    count(atMost),
    connections(atMost),
  ];
};

const rowsOf = (shape: Shape, measured: readonly MeasuredSubject[]): readonly (readonly string[])[] =>
  shape.group === 'loop'
    ? [LOOP_HEADER, ...measured.map((each) => loopRow(shape, each))]
    : [HEADER, ...measured.map(row)];

/** What stands below the table. */
const said = (shape: Shape, measured: readonly MeasuredSubject[]): string =>
  shape.group === 'loop' ? '' : verdicts(shape, measured).join('; ');

/** One shape as text: a row for each subject, and the ratios to hold. */
export const report = (shape: Shape, measured: readonly MeasuredSubject[]): string =>
  `\n${titleOf(shape).replaceAll('`', '')}\n${align(rowsOf(shape, measured))}\n${said(shape, measured).replaceAll('*', '')}`;

/** One shape on the page. */
export const reportMarkdown = (shape: Shape, measured: readonly MeasuredSubject[]): string => {
  const [head = [], ...rows] = rowsOf(shape, measured);
  return `### ${titleOf(shape)}\n\n${markdownTable(head, rows)}\n\n${said(shape, measured)}`.trim();
};

export const SUMMARY_HEADER = ['shape', '', 'CPU µs a message', 'beside the best peer', 'targets'];

/** One shape as a row of the page's first table. */
export const summaryRow = (shape: Shape, measured: readonly MeasuredSubject[]): readonly string[] => {
  const ours = cpuOf(measured, shape.subjects[0]);
  return [
    `\`${shape.name}\``,
    shape.title,
    ours?.toFixed(2) ?? '–',
    ratioToBest(shape, measured),
    verdicts(shape, measured).join('; '),
  ];
};
