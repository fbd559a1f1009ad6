import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { startTraffic } from '../traffic';
import { BUCKET, COPY, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const RELOADS = 100;
const EVERY_MS = 50;
/** That a first signal stops the daemon shows at once. */
const STOPS_WITHIN_MS = 1000;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const buckets = oneBucket({ copy: toFiles(COPY) });
  const daemon = await startIn(context, { buckets });
  kill(daemon.pid, 'SIGHUP');
  await Promise.race([daemon.ended, lasts(STOPS_WITHIN_MS)]);
  if (daemon.lines.some(({ msg }) => msg === 'stopping'))
    return skippedBecause('this version stops at SIGHUP, and does not reload');

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
