import path from 'node:path';
import { openClient } from '../../support/client';
import { numberedFrame } from '../../support/numbered';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { find } from '../oracle';
import { peakOf, resultOf, startIn, toFiles } from './support/scene';

const BUCKETS = 100_000;
const CLIENTS = 4;
/** Frames of one write. */
const AT_ONCE = 250;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const daemon = await startIn(context, {
    buckets: {
      streamsConfigs: { all: toFiles('all', { fileNameTemplate: '{ts}' }) },
      buckets: [],
      defaultBucket: { streams: ['all'] },
    },
  });
  const peakMb = peakOf(context, daemon);
  const names = Array.from({ length: BUCKETS }, () => `bucket-${context.random().toString(36).slice(2)}`);
  const perClient = BUCKETS / CLIENTS;
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      const { write, end } = await openClient(daemon.socket);
      for (let first = client * perClient; first < (client + 1) * perClient; first += AT_ONCE)
        await write(
          Buffer.concat(
            names
              .slice(first, first + AT_ONCE)
              .map((name, i) => numberedFrame(name, first + i, { keys: 1, connection: `${client} ${name}` })),
          ),
        );
      await end();
    }),
  );
  const ended = await daemon.stop();
  const found = await find({ next: BUCKETS, folders: [path.join(context.folder, 'all')] });
  return { ...resultOf({ found, ended, peakMb: peakMb() }), note: `${new Set(names).size} different names` };
};

export const manyBuckets: FaultCase = {
  name: 'buckets-100000',
  number: 34,
  title: '100,000 random buckets',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7'],
  limitS: 420,
  run,
};
