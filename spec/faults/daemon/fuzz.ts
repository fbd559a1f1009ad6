import path from 'node:path';
import { encodeFrame } from '../../../src/wire/frame';
import { openClient } from '../../support/client';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { find } from '../oracle';
import { between } from '../../support/random';
import { startTraffic } from '../traffic';
import { descriptorsOf } from '../watch';
import { inParallel } from './support/inParallel';
import { BUCKET, COPY, oneBucket, peakOf, resultOf, startIn, toFiles } from './support/scene';

const CONNECTIONS = 3000;
const AT_ONCE = 20;
const MOST_FRAMES = 20;
const MOST_BYTES = 300;
/** Beyond what it takes before: what is read and not decoded yet. */
const MOST_GROWTH_MB = 80;

type Random = () => number;

const bytesOf = (random: Random, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => between(random, 0, 255)));

const framed = (body: Uint8Array, length = body.length): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length);
  return Buffer.concat([head, body]);
};

const good = (random: Random): Buffer =>
  encodeFrame('fuzzed', bytesOf(random, between(random, 0, MOST_BYTES)), bytesOf(random, between(random, 0, 10)));

const mutated = (random: Random): Buffer => {
  const bytes = Buffer.from(good(random));
  bytes[between(random, 0, bytes.length - 1)] = between(random, 0, 255);
  return bytes;
};

const KINDS: readonly ((random: Random) => Buffer)[] = [
  () => framed(Buffer.alloc(0)),
  (random) => framed(bytesOf(random, between(random, 0, MOST_BYTES)), 2 ** 32 - 1),
  (random) => framed(Buffer.concat([Buffer.of(255), bytesOf(random, between(random, 0, 254))])),
  (random) => framed(Buffer.concat([Buffer.of(1, 102, 255), bytesOf(random, between(random, 0, 254))])),
  (random) => framed(bytesOf(random, between(random, 0, MOST_BYTES))),
  (random) =>
    framed(Buffer.concat([Buffer.of(0, between(random, 0, 4)), bytesOf(random, between(random, 0, MOST_BYTES))])),
  (random) => bytesOf(random, between(random, 0, MOST_BYTES)),
  (random) => good(random).subarray(0, between(random, 0, 20)),
  // A claim that is skipped without being stored, and never kept.
  (random) => framed(bytesOf(random, between(random, 0, MOST_BYTES)), between(random, 9, 64) * 1024 * 1024),
  mutated,
  good,
];

const noise = (random: Random): Buffer =>
  Buffer.concat(
    Array.from(
      { length: between(random, 1, MOST_FRAMES) },
      () => KINDS[between(random, 0, KINDS.length - 1)]?.(random) ?? Buffer.alloc(0),
    ),
  );

const run = async (context: FaultContext): Promise<FaultResult> => {
  const daemon = await startIn(context, { buckets: oneBucket({ copy: toFiles(COPY) }) });
  const peakMb = peakOf(context, daemon);
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET });
  const before = { mb: peakMb(), descriptors: descriptorsOf(daemon.pid) };
  await inParallel(AT_ONCE, CONNECTIONS, async () => {
    const client = await openClient(daemon.socket);
    // The daemon may close on it meanwhile.
    await client.write(noise(context.random)).catch(() => undefined);
    if (context.random() < 0.5) await client.end();
    else client.socket.destroy();
  });
  const after = { mb: peakMb(), descriptors: descriptorsOf(daemon.pid) };
  await traffic.stop();
  const ended = await daemon.stop();
  const result = resultOf({
    found: await find({ next: traffic.next(), folders: [path.join(context.folder, COPY, BUCKET)] }),
    ended,
    traffic,
    peakMb: after.mb,
  });
  const grownMb = after.mb - before.mb;
  return {
    ...result,
    descriptors: { before: before.descriptors, after: after.descriptors },
    violations: [
      ...result.violations,
      ...(grownMb > MOST_GROWTH_MB
        ? [`I7: ${grownMb.toFixed(0)} MB more memory, at most ${MOST_GROWTH_MB} expected`]
        : []),
    ],
    note: `${CONNECTIONS} connections of noise beside a good neighbour`,
  };
};

export const fuzzedFrames: FaultCase = {
  name: 'fuzzed-frames',
  number: 21,
  title: 'fuzzed frames: lengths 0 and 2³²−1, overflow, noise',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7'],
  limitS: 60,
  run,
};
