import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { find } from '../oracle';
import { between } from '../../support/random';
import { sizesIn, until } from '../watch';
import { BACKUP_FOLDER, framesOf, MAIN_FOLDER, withReplay, writeBackup } from './support/backlog';
import { expectWithin, resultOf, startIn } from './support/scene';

const MESSAGES = 1000;
/** Equal warnings are written so often in a minute. */
const NAMED = 5;
const PATIENCE_MS = 20_000;

/** What lies behind the frames that are whole; not that of a file that is sound. */
type Damage = (random: () => number) => Buffer;

/** A frame none of whose bytes were harmed but the highest of its length, so that it claims more than there is. */
const flipped: Damage = (random) => {
  const bytes = framesOf(0, 10);
  bytes[3] = 1 << between(random, 0, 7);
  return bytes;
};

const DAMAGES: Readonly<Record<string, Damage>> = {
  sound: () => Buffer.alloc(0),
  torn: (random) => framesOf(0, 1).subarray(0, between(random, 1, 100)),
  'torn in its length': () => framesOf(0, 1).subarray(0, 3),
  'filled with zeros': (random) => Buffer.alloc(between(random, 4, 4096)),
  'zeros, then frames': () => Buffer.concat([Buffer.alloc(512), framesOf(0, 10)]),
  'a bit flipped': flipped,
  noise: (random) => Buffer.from(Array.from({ length: 1000 }, () => between(random, 128, 255))),
};

const run = async (context: FaultContext): Promise<FaultResult> => {
  const { folder, random } = context;
  const files: { readonly kind: string; readonly file: string; readonly rest: Buffer }[] = [];
  let next = 0;
  for (const [index, [kind, damage]] of Object.entries(DAMAGES).entries()) {
    const count = between(random, 1, MESSAGES);
    const rest = damage(random);
    const file = await writeBackup(folder, index, Buffer.concat([framesOf(next, next + count), rest]));
    files.push({ kind, file, rest });
    next += count;
  }
  const daemon = await startIn(context, { buckets: withReplay() });
  const waiting = (): readonly string[] =>
    [...sizesIn(path.join(folder, BACKUP_FOLDER)).keys()].filter((file) => !file.endsWith('.bad'));
  expectWithin(await until(() => waiting().length === 0, PATIENCE_MS), 'an end of the replay');
  const ended = await daemon.stop();

  const result = resultOf({ found: await find({ next, folders: [path.join(folder, MAIN_FOLDER)] }), ended });
  const wrong: string[] = [];
  let named = 0;
  for (const { kind, file, rest } of files) {
    const bad = `${file}.bad`;
    const aside = existsSync(bad) ? await readFile(bad) : Buffer.alloc(0);
    if (!aside.equals(rest)) wrong.push(`${kind}: ${rest.length} bytes were damaged, ${aside.length} were set aside`);
    if (ended.output.includes(bad)) named += 1;
  }
  if (named < NAMED)
    wrong.push(`the log names ${named} of the files with what was set aside, at least ${NAMED} expected`);
  return {
    ...result,
    violations: [...result.violations, ...wrong],
    note: `${files.length} files: ${files.map(({ kind }) => kind).join(', ')}. A bit within a message cannot be noticed: frames have no checksum`,
  };
};

export const damagedFiles: FaultCase = {
  name: 'damaged-backup',
  number: 31,
  title: 'torn, zero-filled, bit-flipped backup, then replay',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5'],
  limitS: 60,
  run,
};
