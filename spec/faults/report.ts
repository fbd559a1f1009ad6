/** The results as lines and tables, for the terminal and for docs/RELIABILITY.md. */
import { cpus, release, totalmem } from 'node:os';
import { KAFKA_VERSION } from '../support/kafkaJars';
import type { FaultResult } from './faultCase';
import type { Ran } from './runner';

export const RELIABILITY_PAGE = 'docs/RELIABILITY.md';

const count = (value: number): string => value.toLocaleString('en-US');
const decimals = (value: number | undefined, digits: number): string =>
  value === undefined ? '–' : value.toFixed(digits);

type Column = readonly [head: string, cell: (result: FaultResult) => string];

const COLUMNS: readonly Column[] = [
  ['sent', ({ sent }) => count(sent)],
  ['lost', ({ lost, allowedLost }) => count(lost) + (allowedLost > 0 ? ` (≤ ${count(allowedLost)})` : '')],
  [
    'duplicates',
    ({ duplicates, duplicatesPossible }) =>
      count(duplicates) + (duplicatesPossible > 0 ? ` (≤ ${count(duplicatesPossible)})` : ''),
  ],
  ['s to switch', ({ switchS }) => decimals(switchS, 1)],
  ['s to return', ({ returnS }) => decimals(returnS, 1)],
  ['longest client wait, ms', ({ longestWaitMs }) => decimals(longestWaitMs, 0)],
  ['peak memory, MB', ({ peakMb }) => decimals(peakMb, 0)],
];

const verdict = ({ skipped, violations }: FaultResult): string => {
  if (skipped !== undefined) return 'skip';
  return violations.length > 0 ? 'BAD' : 'ok';
};

/** One case, on the terminal, with what is wrong below it. */
export const rowLine = ({ faultCase: { number, name }, result, seconds }: Ran): string => {
  const { skipped, violations, note } = result;
  const figures = COLUMNS.map(([head, cell]) => `${head} ${cell(result)}`).join(' · ');
  const head = `${verdict(result).padEnd(4)} ${String(number).padStart(2)} ${name} (${seconds.toFixed(0)} s): ${skipped ?? figures}`;
  return [head, ...(note === undefined ? [] : [`     ${note}`]), ...violations.map((each) => `     ${each}`)].join(
    '\n',
  );
};

type Row = readonly string[];

const widthsOf = (rows: readonly Row[]): readonly number[] =>
  (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));

/** The table of the terminal. */
export const tableText = (ran: readonly Ran[]): string => {
  const rows: readonly Row[] = [
    ['', 'case', ...COLUMNS.map(([head]) => head)],
    ...ran.map(({ faultCase: { number, name }, result }) => [
      `${verdict(result)} ${number}`,
      name,
      ...COLUMNS.map(([, cell]) => (result.skipped === undefined ? cell(result) : '')),
    ]),
  ];
  const widths = widthsOf(rows);
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const markdownRow = (cells: Row): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const caseRow = ({ faultCase: { number, name, title, invariants }, result }: Ran): Row => [
  String(number),
  `${title} (\`${name}\`)`,
  invariants.join(' '),
  ...COLUMNS.map(([, cell]) => cell(result)),
  result.violations.length === 0 ? 'holds' : result.violations.map((each) => each.split('\n')[0] ?? '').join('; '),
];

const notes = (ran: readonly Ran[]): readonly string[] =>
  ran.flatMap(({ faultCase: { number, name }, result: { note } }) =>
    note === undefined ? [] : [`- ${number} \`${name}\`: ${note}`],
  );

const skips = (ran: readonly Ran[]): readonly string[] =>
  ran.flatMap(({ faultCase: { number, name, title }, result: { skipped } }) =>
    skipped === undefined ? [] : [`- ${number} ${title} (\`${name}\`): ${skipped}`],
  );

const LEFT_OUT = 'Left out on this machine';

const section = (title: string, lines: readonly string[]): readonly string[] =>
  lines.length === 0 ? [] : [`## ${title}`, '', ...lines, ''];

const INTRODUCTION = `Each row is a fault that is done to the built daemon while clients write numbered messages. Afterwards every message is looked for: in Kafka
(read back with \`kcat\`), in files, in the dead letters.

| | must hold |
|---|---|
| I1 | what was accepted is in Kafka, in files or in the dead letters; where a backup is replayed, in Kafka or in the dead letters |
| I2 | nothing is invented, every payload is what was sent |
| I3 | duplicates are at most what the daemon counted as possible |
| I4 | order holds for each connection and key |
| I5 | the ledger adds up |
| I6 | a fresh message arrives soon after the fault has gone |
| I7 | memory and descriptors are bounded, and go back |

*Lost*: messages that are nowhere; (≤ n): what may be, which is more than 0 only for a kill or a power cut without a journal. *Duplicates*: copies beyond the first; (≤ n): what the daemon counted as
possible. *Switch*: from the fault to the first message in the backup. *Return*: from the end of the fault to the first message in Kafka that was written after it. *Longest client wait*: the longest time in which the operating system did not take a
client's write. *Peak memory*: of the resident set.`;

/** docs/RELIABILITY.md. */
export const page = (ran: readonly Ran[], seed: number, jobs = 1): string => {
  const did = ran.filter(({ result }) => result.skipped === undefined);
  const heads = ['#', 'fault', 'invariants', ...COLUMNS.map(([head]) => head), 'verdict'];
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown CPU'}, ${Math.round(totalmem() / 2 ** 30)} GB, Linux ${release()}`;
  return `${[
    '# Reliability',
    '',
    '<!-- Written by `npm run test:faults`; do not edit. -->',
    '',
    INTRODUCTION,
    '',
    `Measured on ${machine}, Node ${process.versions.node}, Apache Kafka ${KAFKA_VERSION}, ${new Date().toISOString().slice(0, 10)}, with \`npm run test:faults -- --seed ${seed}${jobs > 1 ? ` --jobs ${jobs}` : ''}\`. One case alone: \`npm run test:faults -- NAME\`.`,
    '',
    markdownRow(heads),
    `|${heads.map(() => '---').join('|')}|`,
    ...did.map((each) => markdownRow(caseRow(each))),
    '',
    ...section('Notes', notes(did)),
    ...section(LEFT_OUT, skips(ran)),
  ]
    .join('\n')
    .trimEnd()}\n`;
};

/** A row of the table, or a note: its kind, its number, and whose it is. */
const lineOf = (line: string): { readonly key: string; readonly number: number } | undefined => {
  const [, kind, number, row, note] = /^([|-]) (\d+) (?:\|.*\(`([^`]+)`\) \||`([^`]+)`)/.exec(line) ?? [];
  return kind === undefined ? undefined : { key: `${kind}${row ?? note ?? ''}`, number: Number(number) };
};

/** Puts a line where its number belongs among those of its kind; a kind of which there is none has no place. */
const insert = (lines: readonly string[], line: string): readonly string[] => {
  const own = lineOf(line);
  const alike = lines.flatMap((each, at) => {
    const other = lineOf(each);
    return other?.key.charAt(0) === own?.key.charAt(0) ? [{ at, number: other?.number ?? 0 }] : [];
  });
  const before = alike.filter(({ number }) => number <= (own?.number ?? 0)).at(-1)?.at ?? (alike[0]?.at ?? NaN) - 1;
  return Number.isNaN(before) ? lines : lines.toSpliced(before + 1, 0, line);
};

/** A page's last section, with nothing in it. */
const LEFT_OUT_NOTHING = new RegExp(`## ${LEFT_OUT}\\s*$`);

/** Whose case it is that was left out. */
const leftOut = (line: string): string | undefined => /^- \d+ .*\(`([^`]+)`\): /.exec(line)?.[1];

/** A page on which the cases that were run again stand as they are now; it says which those are. */
export const pageAgain = (before: string, ran: readonly Ran[], seed: number): string => {
  const did = ran.filter(({ result }) => result.skipped === undefined);
  const again = new Map(
    [...did.map((each) => markdownRow(caseRow(each))), ...notes(did)].map((line) => [lineOf(line)?.key, line]),
  );
  const names = did.map(({ faultCase: { name } }) => `\`${name}\``).join(', ');
  const lines = before
    .split('\n')
    .filter((line) => !did.some(({ faultCase: { name } }) => leftOut(line) === name))
    .flatMap((line) => {
      const now = again.get(lineOf(line)?.key) ?? line;
      return did.length > 0 && line.startsWith('Measured on ')
        ? [now, '', `Run again by themselves, with the seed ${seed}: ${names}.`]
        : [now];
    });
  const added = [...again.values()].filter((line) => !lines.includes(line));
  const text = added.reduce<readonly string[]>(insert, lines).join('\n');
  return `${text.replace(LEFT_OUT_NOTHING, '').trimEnd()}\n`;
};
