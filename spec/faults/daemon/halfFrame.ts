import path from 'node:path';
import { openClient } from '../../support/client';
import { numberedFrame } from '../../support/numbered';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { lastLedger } from '../ledger';
import { find } from '../oracle';
import { BUCKET, COPY, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const FRAME_TIMEOUT_MS = 1000;
/** Of a busy machine. */
const LATE_MS = 2000;
const SILENT = 20;
const SLOW_BYTES = 20;
const SLOW_EVERY_MS = 150;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const daemon = await startIn(context, {
    env: { FRAME_TIMEOUT: FRAME_TIMEOUT_MS },
    buckets: oneBucket({ copy: toFiles(COPY) }),
  });
  /** A whole frame, half of another, and silence; how long until the daemon closes it. */
  const silent = async (n: number): Promise<number> => {
    const client = await openClient(daemon.socket);
    await client.write(Buffer.concat([numberedFrame(BUCKET, n), numberedFrame(BUCKET, n).subarray(0, 50)]));
    const startMs = performance.now();
    await client.closed;
    return performance.now() - startMs;
  };
  /** Slower in all than the time-out, but never silent as long. */
  const slow = async (n: number): Promise<void> => {
    const client = await openClient(daemon.socket);
    const frame = numberedFrame(BUCKET, n);
    for (let at = 0; at < SLOW_BYTES; at += 1) {
      await client.write(frame.subarray(at, at + 1));
      await lasts(SLOW_EVERY_MS);
    }
    await client.write(frame.subarray(SLOW_BYTES));
    await client.end();
  };
  const [closedMs] = await Promise.all([
    Promise.all(Array.from({ length: SILENT }, (_, n) => silent(n))),
    slow(SILENT),
  ]);
  const ended = await daemon.stop();

  const result = resultOf({
    found: await find({ next: SILENT + 1, folders: [path.join(context.folder, COPY)] }),
    ended,
  });
  const [earliest, latest] = [Math.min(...closedMs), Math.max(...closedMs)];
  const truncated = lastLedger(ended).find(({ bucket }) => bucket === '(none)')?.dropped['truncated'] ?? 0;
  return {
    ...result,
    violations: [
      ...result.violations,
      ...(earliest < FRAME_TIMEOUT_MS / 2 ? [`closed after ${earliest.toFixed(0)} ms already`] : []),
      ...(latest > FRAME_TIMEOUT_MS + LATE_MS ? [`closed only after ${latest.toFixed(0)} ms`] : []),
      ...(truncated === SILENT ? [] : [`${SILENT} half frames, ${truncated} counted`]),
    ],
    note: `closed after ${earliest.toFixed(0)} to ${latest.toFixed(0)} ms, with FRAME_TIMEOUT=${FRAME_TIMEOUT_MS}`,
  };
};

export const halfFrame: FaultCase = {
  name: 'half-frame',
  number: 22,
  title: 'half a frame, then silence; a slow one beside it',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 60,
  run,
};
