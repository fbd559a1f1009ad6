import path from 'node:path';
import { mayLoop, openExt4 } from '../../support/disks';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { between } from '../../support/random';
import { startTraffic } from '../traffic';
import { sizesIn, until } from '../watch';
import { atStandstill } from './support/standstill';
import { BUCKET, expectWithin, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const DISK_BYTES = 64 * 1024 * 1024;
const BACKUP = 'backup';
const PATIENCE_MS = 20_000;

/**
 * The disk of the primary loses its power under load. Its backup lies on another, so that every message has a place: what was
 * receipted must be on the first after all, what was not on the second.
 */
const run = async (context: FaultContext): Promise<FaultResult> => {
  if (!mayLoop()) return skippedBecause('needs root, a loop device, mkfs.ext4 and perl');
  const disk = await openExt4(DISK_BYTES);
  context.atEnd(disk.remove);
  const data = path.join(disk.path, 'data');
  const backup = path.join(context.folder, BACKUP);
  const daemon = await startIn(context, {
    buckets: oneBucket({
      disk: toFiles(
        data,
        { fsync: 'batch', sizeRotate: '256KB' },
        { backup: { type: 'file', settings: { path: BACKUP } }, failover: { retryMs: 500 } },
      ),
    }),
  });
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET });
  await lasts(between(context.random, 500, 2000));
  // The kernel calls a sync that runs into this cut a success, which is no power cut's way.
  await atStandstill(daemon.pid, disk.cutPower);
  const switchMs = await until(() => sizesIn(backup).size > 0, PATIENCE_MS);
  await lasts(1000);
  await traffic.stop();
  const ended = await daemon.stop();
  disk.mountAgain();

  const found = await find({ next: traffic.next(), folders: [data, backup] });
  return {
    ...resultOf({ found, ended, traffic }),
    // Order holds within each of the two.
    outOfOrder: (await find({ next: traffic.next(), folders: [data] })).outOfOrder,
    switchS: expectWithin(switchMs, 'a backup after the power cut') / 1000,
  };
};

export const powerCut: FaultCase = {
  name: 'power-cut',
  number: 15,
  title: 'power cut of the disk, fsync per batch, backup on another',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5'],
  limitS: 60,
  run,
};
