import path from 'node:path';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { stopFaults } from '../ledger';
import { find, together } from '../oracle';
import { between } from '../../support/random';
import { startTraffic } from '../traffic';
import { flow } from './support/flow';
import { BUCKET, COPY, lasts, oneBucket, startIn, toFiles } from './support/scene';

const ROUNDS = 6;
/** What was written so long before is settled: a batch closes after 20 ms, and the rest is for a busy machine. */
const HELD_MS = 500;

interface Round {
  readonly first: number;
  /** From here on messages may have been held at the kill. */
  readonly heldFrom: number;
  readonly next: number;
}

const killOnce = async (context: FaultContext, first: number): Promise<Round> => {
  const daemon = await startIn(context, {
    buckets: oneBucket({ copy: toFiles(COPY, { fileNameTemplate: '{bucket}' }) }),
  });
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET, perSecond: 5000, first });
  const heldFrom = await flow(traffic, between(context.random, HELD_MS, 3 * HELD_MS), HELD_MS);
  await daemon.stop('SIGKILL');
  await traffic.stop();
  return { first, heldFrom, next: traffic.next() };
};

const run = async (context: FaultContext): Promise<FaultResult> => {
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await killOnce(context, rounds.at(-1)?.next ?? 0));

  // The last one appends to the same file, whose torn tail it has to cut off.
  const first = rounds.at(-1)?.next ?? 0;
  const daemon = await startIn(context, {});
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET, first });
  await lasts(HELD_MS);
  await traffic.stop();
  const ended = await daemon.stop();

  const folders = [path.join(context.folder, COPY)];
  const settledLost = await Promise.all(
    [
      ...rounds.map(({ first: from, heldFrom }) => ({ first: from, next: heldFrom })),
      { first, next: traffic.next() },
    ].map(async (range) => (await find({ ...range, folders })).lost),
  );
  return {
    ...together([await find({ next: traffic.next(), folders })]),
    allowedLost: rounds.reduce((sum, { heldFrom, next }) => sum + next - heldFrom, 0),
    violations: [
      ...stopFaults(ended),
      ...settledLost.flatMap((lost, i) =>
        lost > 0 ? [`I1: round ${i}: ${lost} lost that were written over ${HELD_MS} ms before the kill`] : [],
      ),
    ],
    note: `${ROUNDS} kills; what was written in the last ${HELD_MS} ms before each may be lost`,
  };
};

export const sigkill: FaultCase = {
  name: 'sigkill',
  number: 14,
  title: 'daemon SIGKILL at random moments',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5'],
  limitS: 60,
  run,
};
