import { lstat } from 'node:fs/promises';
import { GONE, unless } from '../../wire/systemErrors';
import { createAlarm } from './alarm';
import type { BucketFileParts } from './bucketFileParts';
import { failureLog } from './errors';
import { identityOf, type Member, type OpenFile, type ParkedFile } from './openFile';
import { createReplacement } from './replacement';
import { syncFile } from './sync';

/** Buckets in a file that are remembered; where clients choose them there may be any number. */
const MOST_BUCKETS = 1000;

/** How often a file is asked whether its path still leads to it. */
const LOOK_EVERY_MS = 1000;

/** Where the next bytes go when a file is closed: to the same file, to one after it, or to any that fits. */
export type Next = 'same' | 'after' | 'any';

/** The file that an owner's bytes go to: opens, syncs, closes and replaces it. One call at a time. */
export interface CurrentFile {
  readonly isOpen: () => boolean;
  /** The file that the next bytes go to. Rejects where none can be opened. */
  readonly get: () => Promise<OpenFile>;
  /** Tells that bytes of a bucket are coming. */
  readonly touch: (bucket: string) => void;
  /** Syncs what is acknowledged already; where that fails, it goes to another file. */
  readonly sync: () => Promise<void>;
  /** Closes a file that is too old; another may be open by now. */
  readonly rotate: () => Promise<void>;
  /** Closes what is open. */
  readonly shut: (next: Next) => Promise<void>;
  /** Closes what is open or parked; it is not written to again. */
  readonly end: () => Promise<void>;
  /** Whether there is something to end, and `closes` allows it for every bucket in it. */
  readonly mayEnd: (closes: (bucket: string) => boolean) => boolean;
}

/** @param ask asks for `sync` or `rotate`, soon */
export const createCurrentFile = (
  bucket: string,
  parts: BucketFileParts,
  ask: (what: 'sync' | 'rotate') => void,
): CurrentFile => {
  const { opener, slots, settings, env } = parts;
  const { sizeRotate, ageRotate, fsync, fsyncIntervalMs } = settings;
  let file: OpenFile | undefined;
  let parked: ParkedFile | undefined;
  let full: Member | undefined;
  let aged: OpenFile | undefined;
  let lookedMs = 0;
  const buckets = new Set<string>();
  const syncAlarm = createAlarm(env.scheduler, () => ask('sync'));
  const ageAlarm = createAlarm(env.scheduler, () => {
    aged = file;
    ask('rotate');
  });

  const logFailure = failureLog(env);

  const leave = async (left: OpenFile, next: Next): Promise<void> => {
    try {
      await (next === 'same' ? opener.park(left) : opener.leave(left));
    } catch (error) {
      logFailure('file: closing failed', left.path, error);
    }
  };

  const replace = createReplacement(bucket, parts, (left) => leave(left, 'after'));

  const setAge = ({ ageMs }: OpenFile): void => {
    if (ageRotate !== undefined) ageAlarm.set(ageRotate - ageMs);
  };

  const sync = async (): Promise<void> => {
    syncAlarm.clear();
    if (!file || fsync !== 'interval' || file.synced === file.length) return;
    try {
      await syncFile(file);
    } catch (error) {
      ({ file, full } = await replace(file, error));
      ageAlarm.clear();
      if (file) setAge(file);
      else slots.release();
    }
  };

  const shut = async (next: Next): Promise<void> => {
    await sync();
    const left = file;
    if (!left) return;
    const { path, family, number, root, identity, length, placed } = left;
    parked = next === 'same' ? { path, family, number, root, identity, length, placed } : undefined;
    full = next === 'after' ? left : undefined;
    file = undefined;
    ageAlarm.clear();
    await leave(left, next);
    slots.release();
    env.log.debug('file: closed', { stream: env.name, path, bytes: length });
  };

  const retire = async (): Promise<void> => {
    const left = parked;
    parked = undefined;
    if (left) await opener.retire(bucket, left);
  };

  const leadsHere = async ({ path, identity }: OpenFile): Promise<boolean> => {
    const nowMs = env.now();
    // The clock may have been put back.
    if (Math.abs(nowMs - lookedMs) < LOOK_EVERY_MS) return true;
    lookedMs = nowMs;
    const there = await unless(GONE, lstat(path, { bigint: true }));
    if (there && identityOf(there) === identity) return true;
    env.log.warn('file: it was taken away while open; a new one is made', { stream: env.name, path });
    return false;
  };

  const openOne = async (): Promise<OpenFile> => {
    await slots.acquire();
    try {
      const again = parked && (await opener.reopen(bucket, parked));
      const opened = again ?? (await opener.open(bucket, full));
      if (!again) {
        buckets.clear();
        await retire();
      }
      parked = undefined;
      full = undefined;
      lookedMs = env.now();
      setAge(opened);
      env.log.debug('file: opened', { stream: env.name, path: opened.path, bytes: opened.length });
      return opened;
    } catch (error) {
      slots.release();
      throw error;
    }
  };

  return {
    isOpen: () => file !== undefined,
    async get() {
      if (file && file.length >= sizeRotate) await shut('after');
      if (file && !(await leadsHere(file))) await shut('any');
      file ??= await openOne();
      return file;
    },
    touch: (of) => {
      if (buckets.size < MOST_BUCKETS) buckets.add(of);
      if (fsync === 'interval') syncAlarm.set(fsyncIntervalMs);
    },
    sync,
    async rotate() {
      if (file && file === aged) await shut('after');
    },
    shut,
    async end() {
      await shut('any');
      await retire();
    },
    mayEnd: (closes) => (file ?? parked) !== undefined && [...buckets].every(closes),
  };
};
