import { link, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeFrame } from '../../../src/wire/frame';
import { filesIn } from '../../support/numbered';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { startTraffic } from '../traffic';
import { find } from '../oracle';
import { BUCKET, COPY, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const MAX_FILES = 20;
const BATCH_MS = 10;
const LOAD_MS = 4000;
/** Names that the template can make, before those that it makes now. */
const OLD = '1500000000';

/** Files beside ours that are not ours, whatever they are called; their contents. */
const plantStrangers = async (folder: string, outside: string): Promise<() => Promise<readonly string[]>> => {
  await writeFile(outside, encodeFrame(BUCKET, 'outside'));
  const files = new Map<string, Buffer>([
    ['README', Buffer.from('of somebody else')],
    [OLD, Buffer.from('no frame, though of a name of ours')],
    [`${OLD}-1`, encodeFrame('another', 'of another bucket')],
    [`${OLD}.bad`, encodeFrame(BUCKET, 'aside')],
    [`${OLD}-01`, encodeFrame(BUCKET, 'of a number that we do not write so')],
  ]);
  for (const [name, bytes] of files) await writeFile(path.join(folder, name), bytes);
  await mkdir(path.join(folder, `${OLD}-2`));
  await symlink(outside, path.join(folder, `${OLD}-3`));
  return async () => {
    const harmed: string[] = [];
    const check = async (name: string, isAsBefore: () => Promise<boolean>): Promise<void> => {
      if (!(await isAsBefore().catch(() => false))) harmed.push(name);
    };
    for (const [name, bytes] of files)
      await check(name, async () => (await readFile(path.join(folder, name))).equals(bytes));
    await check(`${OLD}-2`, async () => (await readdir(path.join(folder, `${OLD}-2`))).length === 0);
    await check(`${OLD}-3`, async () => (await readlink(path.join(folder, `${OLD}-3`))) === outside);
    await check(outside, async () => (await readFile(outside)).equals(encodeFrame(BUCKET, 'outside')));
    return harmed;
  };
};

const run = async (context: FaultContext): Promise<FaultResult> => {
  const folder = path.join(context.folder, COPY, BUCKET);
  await mkdir(folder, { recursive: true });
  const harmedStrangers = await plantStrangers(folder, path.join(context.folder, 'outside'));
  const strangers = new Set(await filesIn(folder));
  const settings = { sizeRotate: 1, maxFiles: MAX_FILES, fsync: 'never' };
  const daemon = await startIn(context, {
    buckets: oneBucket({ copy: toFiles(COPY, settings) }, { batchTimeout: BATCH_MS }),
  });
  // One client, so that messages are taken in the order of their numbers.
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET, connections: 1 });
  await lasts(LOAD_MS);
  await traffic.stop();
  const ended = await daemon.stop();

  const harmed = await harmedStrangers();
  const ours = (await filesIn(folder)).filter((file) => !strangers.has(file));
  const kept = path.join(context.folder, 'kept');
  await mkdir(kept);
  for (const [i, file] of ours.entries()) await link(file, path.join(kept, String(i)));
  const first = await firstKept(ours);
  const found = await find({ next: traffic.next(), folders: [kept] });
  const result = resultOf({ found, ended, traffic });
  return {
    ...result,
    // The oldest files are deleted, and nothing else: what is kept is a run up to the last message.
    allowedLost: first,
    violations: [
      ...result.violations,
      ...harmed.map((name) => `${name}, of somebody else, was harmed`),
      ...(ours.length <= MAX_FILES ? [] : [`${ours.length} files, at most ${MAX_FILES} are allowed`]),
      ...(first > 0 ? [] : ['nothing was deleted']),
    ],
    note: `a file a batch; maxFiles ${MAX_FILES}, so that older ones are deleted and their messages with them`,
  };
};

/** The lowest number in the files. */
const firstKept = async (files: readonly string[]): Promise<number> => {
  const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')));
  return Math.min(...texts.flatMap((text) => [...text.matchAll(/n=(\d+) crc=/g)].map(([, n]) => Number(n))));
};

export const rotation: FaultCase = {
  name: 'rotation',
  number: 29,
  title: "rotation every 10 ms, maxFiles, strangers' files beside ours",
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 60,
  run,
};
