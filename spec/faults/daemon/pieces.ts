import path from 'node:path';
import { openClient, type Client } from '../../support/client';
import { numberedFrame } from '../../support/numbered';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { find } from '../oracle';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, COPY, expectWithin, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const FRAMES = 3;
const BYTES = 30;
const SLOW_CLIENTS = 5;
const PATIENCE_MS = 20_000;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const daemon = await startIn(context, { buckets: oneBucket({ copy: toFiles(COPY) }) });
  const folder = path.join(context.folder, COPY);
  const connect = (): Promise<Client> => openClient(daemon.socket);
  let next = 0;
  const frames = (connection: string, count = FRAMES): Buffer =>
    Buffer.concat(
      Array.from({ length: count }, () => numberedFrame(BUCKET, next++, { keys: 1, bytes: BYTES, connection })),
    );
  /** What was written before is read by then. */
  const marker = await connect();
  const mark = async (): Promise<void> => {
    const n = next;
    await marker.write(frames('marker', 1));
    expectWithin(await until(() => hasArrived(folder, n), PATIENCE_MS), 'a marker');
  };

  const cut: { readonly client: Client; readonly rest: Buffer }[] = [];
  for (let at = 1; ; at += 1) {
    const bytes = frames(`cut.${at}`);
    const client = await connect();
    await client.write(bytes.subarray(0, at));
    cut.push({ client, rest: bytes.subarray(at) });
    if (at === bytes.length) break;
  }
  await mark();
  await Promise.all(cut.map(({ client, rest }) => client.write(rest)));
  await Promise.all(cut.map(({ client }) => client.end()));

  await Promise.all(
    Array.from({ length: SLOW_CLIENTS }, async (_, i) => {
      const client = await connect();
      for (const byte of frames(`slow.${i}`)) {
        await client.write(Buffer.of(byte));
        await new Promise(setImmediate);
      }
      await client.end();
    }),
  );
  await marker.end();
  const ended = await daemon.stop();
  return {
    ...resultOf({ found: await find({ next, folders: [folder] }), ended }),
    note: `${FRAMES} frames cut in two at each of ${cut.length} places, and byte by byte`,
  };
};

export const pieces: FaultCase = {
  name: 'frames-in-pieces',
  number: 20,
  title: 'frames byte by byte, and cut at every place',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5'],
  limitS: 60,
  run,
};
