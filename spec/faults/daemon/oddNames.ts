import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { openClient } from '../../support/client';
import { filesIn, numberedFrame } from '../../support/numbered';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { lastLedger, stopFaults, sumOf } from '../ledger';
import { find, together } from '../oracle';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { expectWithin, startIn, toFiles } from './support/scene';

const ODD_NAMES = [
  ...[
    '../x',
    '..',
    '.',
    '/',
    '/etc/x',
    'a/b',
    '../../../../tmp/x',
    'a\0b',
    '\0',
    '\n',
    ' ',
    '~',
    '-rf',
    '*',
    '%2e%2e',
    '%',
  ],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'NUL',
    'CON',
    'é',
    '\u202e',
    '𝒳',
    '.hidden',
    'x.part',
    'x.dead',
  ],
  ...['b'.repeat(255), `${'b'.repeat(254)}c`, 'é'.repeat(127), '/'.repeat(255)],
];
/** Its folder, in one stream, and its file, in the other, are links that lead outside. */
const LINKED = 'linked';
const EACH = 20;
const PATIENCE_MS = 20_000;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const at = (name: string): string => path.join(context.folder, name);
  const [folders, flat, outside] = [at('folders'), at('flat'), at('outside')];
  for (const folder of [folders, flat, outside]) await mkdir(folder);
  const outsideFile = path.join(outside, 'file');
  await writeFile(outsideFile, numberedFrame(LINKED, 0));
  await symlink(outside, path.join(folders, LINKED));
  await symlink(outsideFile, path.join(flat, LINKED));
  const daemon = await startIn(context, {
    buckets: {
      streamsConfigs: {
        folders: toFiles('folders', { fileNameTemplate: '{bucket}{PS}{ts}' }),
        flat: toFiles('flat', { fileNameTemplate: '{bucket}' }),
      },
      buckets: [],
      defaultBucket: { streams: ['folders', 'flat'], batchTimeout: 20 },
    },
  });
  const there = (await readdir(context.folder)).toSorted();

  let next = 0;
  const client = await openClient(daemon.socket);
  for (const [i, bucket] of [...ODD_NAMES, LINKED].entries())
    for (let n = 0; n < EACH; n += 1)
      await client.write(numberedFrame(bucket, next++, { keys: 1, connection: `bucket.${i}` }));
  await client.end();
  expectWithin(await until(() => hasArrived(flat, next - 1), PATIENCE_MS), 'the last message');
  // Where the folder of a bucket leads outside, its messages wait until it does not.
  await daemon.waitForLog(({ level, bucket }) => level === 'ERROR' && bucket === LINKED, PATIENCE_MS);
  await rm(path.join(folders, LINKED));
  expectWithin(await until(() => hasArrived(folders, next - 1), PATIENCE_MS), 'a message in a folder of its own');
  const ended = await daemon.stop();

  const inFolders = await find({ next, folders: [folders] });
  const inFlat = await find({ next, folders: [flat] });
  const strays = [
    ...(await readdir(context.folder)).toSorted().filter((name) => !there.includes(name)),
    ...(await filesIn(outside)).filter((file) => file !== outsideFile),
    ...((await readFile(outsideFile)).equals(numberedFrame(LINKED, 0)) ? [] : [outsideFile]),
  ];
  return {
    ...together([inFolders, inFlat]),
    duplicatesPossible: sumOf(lastLedger(ended), 'duplicatesPossible'),
    violations: [...stopFaults(ended), ...strays.map((name) => `${name} was written outside of the streams' folders`)],
    note: `${ODD_NAMES.length} odd names, to two streams`,
  };
};

export const oddNames: FaultCase = {
  name: 'odd-names',
  number: 30,
  title: 'links at the target; buckets ../x, /, NUL, __proto__, 255 bytes',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5'],
  limitS: 60,
  run,
};
