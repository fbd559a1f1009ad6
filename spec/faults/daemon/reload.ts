import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { find } from '../oracle';
import { startTraffic } from '../traffic';
import { BUCKET, COPY, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const RELOADS = 100;
const EVERY_MS = 50;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const buckets = oneBucket({ copy: toFiles(COPY) });
  const daemon = await startIn(context, { buckets });
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET });
  for (let reload = 0; reload < RELOADS; reload += 1) {
    const text = reload % 2 === 0 ? JSON.stringify(buckets) : '{ "buckets": [';
    await writeFile(path.join(context.folder, 'buckets.json'), text);
    kill(daemon.pid, 'SIGHUP');
    await lasts(EVERY_MS);
  }
  await traffic.stop();
  const ended = await daemon.stop();
  const found = await find({ next: traffic.next(), folders: [path.join(context.folder, COPY)] });
  return resultOf({ found, ended, traffic });
};

export const reloads: FaultCase = {
  name: 'reloads',
  number: 28,
  title: 'SIGHUP 100 times under load, half of them invalid',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5'],
  limitS: 60,
  run,
};
