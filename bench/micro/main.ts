/**
 * `npm run bench:micro [-- NAME… --write]`: what the parts of a message's way take by themselves. NAME: a group (`decode`) or a part of a
 * name. `--write`: also to docs/PERFORMANCE.md.
 *
 * Each is measured in a process of its own: what the engine makes of a function depends on who called it before.
 */
import { parseArgs } from 'node:util';
import { withFork } from '../children';
import { runCommand } from '../command';
import { machine, measuredOn } from '../machine';
import { markdownTable, writeSections } from '../page';
import { align } from '../table';
import { DECODING } from './decode';
import { GROUPING } from './group';
import { OPERATORS } from './operators';
import { PARTITIONING } from './partition';
import { ENCODING } from './records';
import { time, type Micro, type Timed } from './run';

const ALL: readonly Micro[] = [...DECODING, ...GROUPING, ...OPERATORS, ...ENCODING, ...PARTITIONING];

const {
  values: { write, own },
  positionals: asked,
} = parseArgs({
  allowPositionals: true,
  options: { write: { type: 'boolean', default: false }, own: { type: 'string' } },
});

const HEADS = ['', 'ns/message', 'MB/s', 'µs/call'];
const title = ({ group, name }: Micro): string => `${group}: ${name}`;

const timeApart = (micro: Micro): Promise<Timed> =>
  withFork(__filename, ['--own', title(micro)], async ({ next }) => (await next()) as Timed);

const row = (micro: Micro, { nanos, messages, bytes }: Timed): readonly string[] => [
  title(micro),
  (nanos / messages).toFixed(1),
  Math.round((bytes * 1000) / nanos).toLocaleString('en'),
  (nanos / 1000).toFixed(2),
];

const wanted = ({ group, name }: Micro): boolean =>
  asked.length === 0 || asked.some((word) => group === word || name.includes(word));

const INTRODUCTION = `## Parts by themselves

Time of one call in a loop that does nothing else, by mitata, the median; each in a process of its own; messages of 200 B. MB: 1,000,000 bytes of frames, records or keys.`;

const main = async (): Promise<void> => {
  const micros = ALL.filter(wanted);
  if (micros.length === 0) throw new Error(`expected a part of one of these:\n${ALL.map(title).join('\n')}`);
  if (write && asked.length > 0) throw new Error('the page holds all of them: leave the names away to write it');
  const rows: (readonly string[])[] = [];
  for (const micro of micros) rows.push(row(micro, await timeApart(micro)));
  console.log(`${machine()}\n\n${align([HEADS, ...rows])}`);
  const markdown = [INTRODUCTION, measuredOn('npm run bench:micro -- --write'), markdownTable(HEADS, rows)].join(
    '\n\n',
  );
  if (write) await writeSections([{ id: 'micro', markdown: () => markdown }]);
};

const timeOwn = async (name: string): Promise<void> => {
  const micro = ALL.find((each) => title(each) === name);
  if (micro) process.send?.(await time(micro));
  // Groups end when they have been idle for a minute.
  process.exit(micro ? 0 : 1);
};

runCommand(() => (own === undefined ? main() : timeOwn(own)));
