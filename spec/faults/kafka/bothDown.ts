/** Primary and backup are down at once. */
import { truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { mayMount, openSmallDisk } from '../../support/disks';
import { forwardsTo } from '../../support/front';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { frontOf } from './brokers';
import { startScene, type Scene } from './scene';

const DISK_BYTES = 4 * 1024 * 1024;
const OUTAGE_MS = 15_000;
/** More than a daemon may hold in the time of the outage. */
const traffic = { connections: 8, perSecond: 12_000, bytes: 1000 };
/** After it the daemon has to find out that it can go on. */
const RECOVERY_MS = 15_000;

/** What memory was full of goes to the primary first; a machine that is busy takes its time. */
const RETURN_S = 60;

/** Takes all that is left of a disk; returns how to give it back. */
const fill = (folder: string): (() => void) => {
  const file = path.join(folder, 'filler');
  try {
    writeFileSync(file, Buffer.alloc(DISK_BYTES));
  } catch {
    // What fitted is written.
  }
  return () => truncateSync(file, 0);
};

const down = async (
  context: FaultContext,
  whenFull: 'block' | 'drop',
  finish: (scene: Scene) => Promise<FaultResult>,
): Promise<FaultResult> => {
  if (!mayMount()) return skippedBecause('a disk of a test needs the right to mount one (root)');
  const broker = await context.broker();
  const front = frontOf(context, broker);
  await front.become(forwardsTo(broker.behind));
  const disk = await openSmallDisk(DISK_BYTES);
  context.atEnd(() => disk.remove());
  const scene = await startScene({
    context,
    address: broker.address,
    bootstrap: front.address,
    backupFolder: disk.path,
    bucket: { whenFull },
    traffic,
  });
  const free = fill(disk.path);
  await front.become(undefined);
  await sleep(OUTAGE_MS);
  // The primary alone must do: a backup that is full still keeps nothing from it.
  await front.become(forwardsTo(broker.behind));
  await scene.healed();
  free();
  return finish(scene);
};

const blocks: FaultCase = {
  name: 'both-down-block',
  number: 19,
  title: 'primary and backup (full disk) both down for 15 s, the primary returns first, whenFull: block',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 180,
  run: (context) =>
    down(context, 'block', async (scene) => {
      const waitedMs = scene.traffic.longestWaitMs();
      return scene.finish({
        also: {
          note: 'clients wait while neither takes anything; nothing is dropped',
          waitLimitMs: OUTAGE_MS + RECOVERY_MS,
          returnLimitS: RETURN_S,
          violations:
            waitedMs > OUTAGE_MS / 3 ? [] : [`clients waited ${waitedMs.toFixed(0)} ms only: memory was never full`],
        },
      });
    }),
};

const drops: FaultCase = {
  name: 'both-down-drop',
  number: 19,
  title: 'primary and backup (full disk) both down for 15 s, the primary returns first, whenFull: drop',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 180,
  run: (context) =>
    down(context, 'drop', async (scene) => {
      const result = await scene.finish({ exceptions: 'dropped', also: { waitLimitMs: 1000, returnLimitS: RETURN_S } });
      const { allowedLost, lost } = result;
      return {
        ...result,
        note: `${allowedLost} counted as dropped; clients do not wait`,
        violations: [
          ...result.violations,
          ...(allowedLost > 0 ? [] : ['nothing was dropped: memory was never full']),
          ...(lost === allowedLost ? [] : [`I5: ${allowedLost} counted as dropped, ${lost} are missing`]),
        ],
      };
    }),
};

export const bothDown: readonly FaultCase[] = [blocks, drops];
