import { lstat } from 'node:fs/promises';
import type { Batch, Cause, Env, Rest } from '../../model';
import { append, cutBack } from './append';
import { codeOf, GONE, messageOf, unless } from './errors';
import { closeFile, identityOf, type Member, type OpenFile, type ParkedFile } from './openFile';
import type { Opener } from './opener';
import type { FileSlots, Holder } from './slots';

/** A batch that waits for its place in a file, or for the result of the call that writes it. */
export interface Entry {
  readonly batch: Batch;
  readonly succeed: () => void;
  readonly fail: (cause: Cause, written: Rest['written']) => void;
}

/** The files of one owner, one open at a time, one call outstanding. */
export interface BucketFile {
  readonly push: (entry: Entry) => void;
  /** Takes an entry back. False: its call is outstanding, its result is what happens. */
  readonly giveUp: (entry: Entry) => boolean;
  /** Whether it could be forgotten: nothing open, nothing to do. */
  readonly isDormant: () => boolean;
  /** Waits for what is queued and closes the file. */
  readonly close: () => Promise<void>;
}

export interface BucketFileParts {
  readonly opener: Opener;
  readonly slots: FileSlots;
  readonly sizeRotate: number;
  /** Told after every attempt; nothing as cause: it went well. */
  readonly attempted: (cause?: string) => void;
  readonly env: Env;
}

/** More would make one call long, and giving up slow. */
const MOST_BYTES_A_CALL = 4 * 1024 * 1024;
/** How often a file is asked whether its path still leads to it. */
const LOOK_EVERY_MS = 1000;

const unavailable = (message: string): Cause => ({ kind: 'unavailable', message });

/** Where each of the entries ends in a file, when the first starts at `from`. */
const endsOf = (group: readonly Entry[], from: number): readonly number[] => {
  let end = from;
  return group.map(({ batch }) => (end += batch.bytes));
};

export const createBucketFile = (
  bucket: string,
  { opener, slots, sizeRotate, attempted, env }: BucketFileParts,
): BucketFile => {
  const queue = new Set<Entry>();
  let file: OpenFile | undefined;
  let parked: ParkedFile | undefined;
  let lookedMs = 0;
  let mustPark = false;
  let running: Promise<void> | undefined;

  const shut = async (keepPlace: boolean): Promise<void> => {
    if (!file) return;
    const { path, family, number, identity, length } = file;
    parked = keepPlace ? { path, family, number, identity, length } : undefined;
    const closing = closeFile(file);
    file = undefined;
    try {
      await closing;
    } catch (error) {
      env.log.error('file: closing failed', { stream: env.name, path, cause: messageOf(error) });
    } finally {
      slots.release();
    }
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

  const openOne = async (full?: Member): Promise<OpenFile> => {
    await slots.acquire();
    try {
      const again = parked && (await opener.reopen(bucket, parked));
      const opened = again ?? (await opener.open(bucket, full));
      parked = undefined;
      lookedMs = env.now();
      env.log.debug('file: opened', { stream: env.name, path: opened.path, bytes: opened.length });
      return opened;
    } catch (error) {
      slots.release();
      throw error;
    }
  };

  /** The file that the next bytes go to. */
  const current = async (): Promise<OpenFile> => {
    const full = file && file.length >= sizeRotate ? file : undefined;
    if (file && (full || !(await leadsHere(file)))) await shut(false);
    file ??= await openOne(full);
    return file;
  };

  /** The next entries for one call: up to the end of the file, and not too many at once. */
  const take = (room: number): readonly Entry[] => {
    const group: Entry[] = [];
    let bytes = 0;
    for (const entry of queue) {
      if (bytes >= Math.min(room, MOST_BYTES_A_CALL)) break;
      queue.delete(entry);
      group.push(entry);
      bytes += entry.batch.bytes;
    }
    return group;
  };

  const failAll = (entries: Iterable<Entry>, cause: string): void => {
    for (const entry of [...entries]) entry.fail(unavailable(cause), 'no');
  };

  /** Batches that lie there whole stay; the one that was broken off is cut away. */
  const settleBroken = async (to: OpenFile, group: readonly Entry[], bytes: number, error: unknown): Promise<void> => {
    const from = to.length;
    const ends = endsOf(group, from);
    const whole = ends.filter((at) => at <= from + bytes).length;
    const end = ends[whole - 1] ?? from;
    const cut = await cutBack(to.handle, from + bytes, end);
    to.length = end;
    const cause = `${to.path}: ${messageOf(error)}`;
    env.log.error('file: writing failed', {
      stream: env.name,
      path: to.path,
      code: codeOf(error),
      cause,
      cutBack: cut,
    });
    await shut(true);
    attempted(cause);
    for (const entry of group.slice(0, whole)) entry.succeed();
    for (const [index, entry] of group.slice(whole).entries()) {
      entry.fail(unavailable(cause), index === 0 && !cut ? 'unknown' : 'no');
    }
  };

  const writeGroup = async (to: OpenFile): Promise<void> => {
    const group = take(sizeRotate - to.length);
    if (group.length === 0) return;
    const { bytes, error } = await append(
      to.handle,
      group.flatMap(({ batch }) => batch.frames.map((frames) => frames.bytes)),
    );
    if (error !== undefined) {
      await settleBroken(to, group, bytes, error);
      return;
    }
    to.length += bytes;
    attempted();
    for (const entry of group) entry.succeed();
  };

  const step = async (): Promise<void> => {
    try {
      await writeGroup(await current());
    } catch (error) {
      const cause = messageOf(error);
      env.log.error('file: opening failed', { stream: env.name, bucket, code: codeOf(error), cause });
      const waiting = [...queue];
      queue.clear();
      attempted(cause);
      failAll(waiting, cause);
    }
  };

  const run = async (): Promise<void> => {
    while (queue.size > 0 || mustPark) {
      if (mustPark || slots.wanted()) await shut(true);
      mustPark = false;
      if (queue.size > 0) await step();
    }
    running = undefined;
    if (file) slots.idle(holder);
  };

  const start = (): void => {
    if (running) return;
    slots.busy(holder);
    running = run();
  };

  const holder: Holder = {
    park: () => {
      mustPark = true;
      start();
    },
  };

  return {
    push(entry) {
      queue.add(entry);
      start();
    },
    giveUp: (entry) => queue.delete(entry),
    isDormant: () => !running && !file,
    async close() {
      while (running) await running;
      slots.busy(holder);
      await shut(false);
    },
  };
};
