import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mayMount, openSmallDisk } from '../../support/disks';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { startTraffic } from '../traffic';
import { sizesIn, until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, expectWithin, lasts, oneBucket, peakOf, resultOf, startIn, toFiles } from './support/scene';

const MB = 1024 * 1024;
const DISK_BYTES = 24 * MB;
const ROOM_BYTES = MB;
const FULL_MS = 2000;
const PATIENCE_MS = 20_000;
/** Tries again after at most 5 s, and a fifth. */
const RETURN_S = 7;

const options = (withBackup: boolean) =>
  withBackup ? { backup: { type: 'file', settings: { path: 'backup' } }, failover: { retryMs: 500 } } : {};

const onFullDisk =
  (withBackup: boolean) =>
  async (context: FaultContext): Promise<FaultResult> => {
    if (!mayMount()) return skippedBecause('needs root, to mount a small disk');
    const disk = await openSmallDisk(DISK_BYTES);
    context.atEnd(disk.remove);
    const ballast = path.join(disk.path, 'ballast');
    await writeFile(ballast, Buffer.alloc(DISK_BYTES - ROOM_BYTES));
    const data = path.join(disk.path, 'data');
    const backup = path.join(context.folder, 'backup');
    const daemon = await startIn(context, { buckets: oneBucket({ disk: toFiles(data, {}, options(withBackup)) }) });
    const peakMb = peakOf(context, daemon);
    const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET });

    await daemon.waitForLog(({ msg, code }) => msg === 'file: writing failed' && code === 'ENOSPC', PATIENCE_MS);
    const switchMs = withBackup ? await until(() => sizesIn(backup).size > 0, PATIENCE_MS) : 0;
    await lasts(FULL_MS);
    await rm(ballast);
    const fresh = traffic.next();
    const returnMs = await until(() => hasArrived(data, fresh), PATIENCE_MS, 100);
    await traffic.stop();
    const ended = await daemon.stop();

    const found = await find({ next: traffic.next(), folders: [data, backup] });
    return {
      ...resultOf({ found, ended, traffic, peakMb: peakMb() }),
      outOfOrder: (await find({ next: traffic.next(), folders: [data] })).outOfOrder,
      ...(withBackup && { switchS: expectWithin(switchMs, 'a backup of the full disk') / 1000 }),
      returnS: expectWithin(returnMs, 'a fresh message on the disk that has room again') / 1000,
      returnLimitS: RETURN_S,
    };
  };

export const diskFull: FaultCase = {
  name: 'disk-full',
  number: 16,
  title: 'disk full, then freed; no backup',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
  limitS: 60,
  run: onFullDisk(false),
};

export const diskFullWithBackup: FaultCase = {
  name: 'disk-full-with-backup',
  number: 16,
  title: 'disk full, then freed; backup on another',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
  limitS: 60,
  run: onFullDisk(true),
};
