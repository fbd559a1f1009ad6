import { constants } from 'node:fs';
import { copyFile, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { filesIn } from '../../support/numbered';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { find } from '../oracle';
import { between } from '../../support/random';
import { startTraffic } from '../traffic';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, COPY, expectWithin, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const ROUNDS = 5;
/** Messages a second, which is how soon it is noticed that a file has moved. */
const SECOND = 5000;
const PATIENCE_MS = 10_000;

/** Takes a file away; afterwards everything that was acknowledged in it is below the folder of what was taken. */
type Take = (file: string, to: string) => Promise<() => Promise<void>>;

const move: Take = async (file, to) => {
  await rename(file, to);
  return () => Promise.resolve();
};

/** Deleted while the daemon has it open: what lay in it stays readable for who has it open too. */
const remove: Take = async (file, to) => {
  const handle: FileHandle = await open(file, constants.O_RDONLY);
  await rm(file);
  return async () => {
    await copyFile(`/proc/self/fd/${handle.fd}`, to);
    await handle.close();
  };
};

const taking =
  (take: Take) =>
  async (context: FaultContext): Promise<FaultResult> => {
    const folder = path.join(context.folder, COPY);
    const taken = path.join(context.folder, 'taken');
    await mkdir(taken);
    const daemon = await startIn(context, { buckets: oneBucket({ copy: toFiles(COPY) }) });
    const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET, perSecond: SECOND });
    const ends: (() => Promise<void>)[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      expectWithin(await until(() => hasArrived(folder, traffic.next() - 1), PATIENCE_MS), 'a file to take');
      await lasts(between(context.random, 0, 300));
      for (const file of await filesIn(folder)) ends.push(await take(file, path.join(taken, `${ends.length}`)));
      const fresh = traffic.next();
      expectWithin(await until(() => hasArrived(folder, fresh + SECOND), PATIENCE_MS), 'another file');
    }
    await traffic.stop();
    const ended = await daemon.stop();
    for (const end of ends) await end();
    const found = await find({ next: traffic.next(), folders: [taken, folder] });
    return { ...resultOf({ found, ended, traffic }), note: `${ends.length} files taken` };
  };

export const deletedFiles: FaultCase = {
  name: 'files-deleted',
  number: 18,
  title: 'open files are deleted under the daemon',
  quick: false,
  // What was written anew, since it was not acknowledged when its file went, is in that file too.
  invariants: ['I1', 'I2', 'I5'],
  limitS: 60,
  run: taking(remove),
};

export const movedFiles: FaultCase = {
  name: 'files-moved',
  number: 18,
  title: 'open files are moved away under the daemon',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 60,
  run: taking(move),
};
