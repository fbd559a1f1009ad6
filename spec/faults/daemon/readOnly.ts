import { execFileSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Daemon } from '../../support/daemon';
import { mayLoop, openExt4 } from '../../support/disks';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { startTraffic, type Traffic } from '../traffic';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, COPY, expectWithin, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';
import { atStandstill } from './support/standstill';

const DISK_BYTES = 64 * 1024 * 1024;
const SMALL_FILE = '128KB';
const FAULT_MS = 1500;
const PATIENCE_MS = 30_000;
const RETURN_S = 7;

/** Makes `folder` take no new files, from root neither. */
const forbid = (folder: string): void => void execFileSync('chattr', ['+i', folder], { stdio: 'ignore' });
const allow = (folder: string): void => void execFileSync('chattr', ['-i', folder], { stdio: 'ignore' });

const mayForbid = (folder: string): boolean => {
  try {
    forbid(folder);
    allow(folder);
    return true;
  } catch {
    return false;
  }
};

/** Traffic to the daemon, of which something is in `data` already. */
const startFlow = async ({ socket }: Daemon, data: string): Promise<Traffic> => {
  const traffic = await startTraffic({ socket, bucket: BUCKET });
  expectWithin(await until(() => hasArrived(data, 100), PATIENCE_MS), 'a first message');
  return traffic;
};

/** Waits until what is written from now on is in `data`, and ends. */
const afterwards = async (daemon: Daemon, traffic: Traffic, data: string, what: string): Promise<FaultResult> => {
  const fresh = traffic.next();
  const returnMs = await until(() => hasArrived(data, fresh), PATIENCE_MS, 100);
  await traffic.stop();
  const ended = await daemon.stop();
  return {
    ...resultOf({ found: await find({ next: traffic.next(), folders: [data] }), ended, traffic }),
    returnS: expectWithin(returnMs, what) / 1000,
    returnLimitS: RETURN_S,
  };
};

const inReadOnlyFolder = async (context: FaultContext): Promise<FaultResult> => {
  const data = path.join(context.folder, COPY);
  const folder = path.join(data, BUCKET);
  await mkdir(folder, { recursive: true });
  if (!mayForbid(folder)) return skippedBecause('needs root, and a file system that takes chattr +i');
  const daemon = await startIn(context, { buckets: oneBucket({ copy: toFiles(COPY, { sizeRotate: SMALL_FILE }) }) });
  const traffic = await startFlow(daemon, data);
  context.atEnd(() => allow(folder));
  forbid(folder);
  await daemon.waitForLog(({ msg }) => msg === 'file: opening failed', PATIENCE_MS);
  await lasts(FAULT_MS);
  allow(folder);
  return afterwards(daemon, traffic, data, 'a fresh message in the folder that takes files again');
};

/**
 * Unmounting fails while the daemon happens to look whether the disk is well again; and what it would write while nothing is
 * mounted would lie hidden below the disk.
 */
const remounted = (pid: number, mountAgain: () => void) => async (): Promise<boolean> => {
  try {
    await atStandstill(pid, mountAgain);
    return true;
  } catch {
    return false;
  }
};

const onReadOnlyFileSystem = async (context: FaultContext): Promise<FaultResult> => {
  if (!mayLoop()) return skippedBecause('needs root, a loop device and mkfs.ext4');
  const disk = await openExt4(DISK_BYTES);
  context.atEnd(disk.remove);
  const data = path.join(disk.path, 'data');
  const daemon = await startIn(context, { buckets: oneBucket({ copy: toFiles(data, { fsync: 'batch' }) }) });
  const traffic = await startFlow(daemon, data);
  await atStandstill(daemon.pid, disk.breakDown);
  await daemon.waitForLog(({ level, stream }) => level === 'ERROR' && stream === 'copy', PATIENCE_MS);
  await lasts(FAULT_MS);
  expectWithin(await until(remounted(daemon.pid, disk.mountAgain), PATIENCE_MS), 'the disk mounted again');
  return afterwards(daemon, traffic, data, 'a fresh message on the disk that was mounted again');
};

const faultCase = (name: string, title: string, run: FaultCase['run']): FaultCase => ({
  name,
  number: 18,
  title,
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6'],
  limitS: 90,
  run,
});

export const readOnlyFolder = faultCase('read-only-folder', 'folder takes no new files, then does', inReadOnlyFolder);

export const readOnlyFileSystem = faultCase(
  'read-only-file-system',
  'file system goes read-only, then is mounted again',
  onReadOnlyFileSystem,
);
