import path from 'node:path';
import { encodeFrame } from '../../../src/wire/frame';
import { openClient } from '../../support/client';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { lastLedger } from '../ledger';
import { find } from '../oracle';
import { startTraffic } from '../traffic';
import { BUCKET, COPY, oneBucket, peakOf, resultOf, startIn, toFiles } from './support/scene';

const ERRORS = 1_000_000;
/** Frames of one write. */
const AT_ONCE = 10_000;
const WINDOW_MS = 60_000;
/** Of one message in a minute, with that of the ones that were not written. */
const MOST_LINES = 6;

/** Frames of length 0, which are malformed, and between them of a bucket that nobody configured: each is told of by itself. */
const BAD = Buffer.concat(
  Array.from({ length: AT_ONCE / 2 }, () => Buffer.concat([Buffer.alloc(4), encodeFrame('nowhere', '')])),
);
const MESSAGES = new Map([
  ['malformed', 'malformed frame skipped'],
  ['no_such_bucket', 'no such bucket, messages dropped'],
]);

const run = async (context: FaultContext): Promise<FaultResult> => {
  const daemon = await startIn(context, { buckets: oneBucket({ copy: toFiles(COPY) }) });
  const peakMb = peakOf(context, daemon);
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET });
  const client = await openClient(daemon.socket);
  for (let sent = 0; sent < ERRORS; sent += AT_ONCE) await client.write(BAD);
  await client.end();
  await traffic.stop();
  const told = await Promise.all(
    [...MESSAGES.values()].map((text) =>
      daemon.waitForLog(({ msg, suppressed }) => msg === text && suppressed !== undefined, 2 * WINDOW_MS),
    ),
  );
  const peak = peakMb();
  const ended = await daemon.stop();

  const found = await find({ next: traffic.next(), folders: [path.join(context.folder, COPY)] });
  const result = resultOf({ found, ended, traffic, peakMb: peak });
  const dropped = lastLedger(ended).find(({ bucket }) => bucket === '(none)')?.dropped ?? {};
  const lines = [...MESSAGES.values()].map((text) => ended.lines.filter(({ msg }) => msg === text).length);
  return {
    ...result,
    violations: [
      ...result.violations,
      ...[...MESSAGES.keys()].flatMap((reason) =>
        dropped[reason] === ERRORS / 2 ? [] : [`I5: ${ERRORS / 2} of ${reason}, ${dropped[reason] ?? 0} counted`],
      ),
      ...(Math.max(...lines) <= MOST_LINES
        ? []
        : [`${lines.join(', ')} log lines, at most ${MOST_LINES} a minute expected`]),
    ],
    note: `${lines.join(' and ')} log lines; ${told.map(({ suppressed }) => String(suppressed)).join(' and ')} not written, and said so`,
  };
};

export const equalErrors: FaultCase = {
  name: 'equal-errors',
  number: 35,
  title: '1,000,000 errors of two kinds',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7'],
  limitS: 150,
  run,
};
