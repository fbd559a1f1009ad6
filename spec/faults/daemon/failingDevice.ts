import path from 'node:path';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { between } from '../../support/random';
import { mayTrace } from '../../support/strace';
import { startTraffic } from '../traffic';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, COPY, expectWithin, oneBucket, resultOf, toFiles } from './support/scene';
import { startTraced } from './support/traced';

const FAILURES = 3;
const PATIENCE_MS = 30_000;
const RETURN_S = 7;
const NAMES = [BUCKET, ...Array.from({ length: FAILURES + 2 }, (_, n) => `${BUCKET}-${n + 1}`)];

const failing =
  (calls: string, fsync: 'interval' | 'batch') =>
  async (context: FaultContext): Promise<FaultResult> => {
    if (!mayTrace()) return skippedBecause('needs strace, and the right to trace');
    const folder = path.join(context.folder, COPY);
    const first = between(context.random, 5, 30);
    const settings = { fileNameTemplate: '{bucket}', fsync, fsyncIntervalMs: 50 };
    const daemon = await startTraced(context, oneBucket({ copy: toFiles(COPY, settings) }), {
      calls,
      // Strace counts for each thread: one thread writes files.
      how: `error=EIO:when=${first}..${first + FAILURES - 1}`,
      files: NAMES.map((name) => path.join(folder, name)),
    });
    const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET, perSecond: 1000 });
    expectWithin(
      await until(async () => (await daemon.injected()) >= FAILURES, PATIENCE_MS),
      `${FAILURES} failed calls`,
    );
    const fresh = traffic.next();
    const returnMs = await until(() => hasArrived(folder, fresh), PATIENCE_MS, 100);
    await traffic.stop();
    const ended = await daemon.stop();
    const found = await find({ next: traffic.next(), folders: [folder] });
    return {
      ...resultOf({ found, ended, traffic }),
      returnS: expectWithin(returnMs, 'a fresh message after the failures') / 1000,
      returnLimitS: RETURN_S,
      note: `${await daemon.injected()} failed ${calls}`,
    };
  };

const faultCase = (name: string, title: string, run: FaultCase['run']): FaultCase => ({
  name,
  number: 17,
  title,
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6'],
  limitS: 90,
  run,
});

export const failedWrites = faultCase('eio-on-write', 'EIO on writing a file', failing('write,writev', 'interval'));

export const failedBatchSyncs = faultCase(
  'eio-on-sync-per-batch',
  'EIO on the fdatasync of a batch',
  failing('fdatasync', 'batch'),
);

export const failedIntervalSyncs = faultCase(
  'eio-on-sync-per-interval',
  'EIO on the fdatasync of an interval',
  failing('fdatasync', 'interval'),
);
