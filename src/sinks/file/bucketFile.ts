import type { Cause, Rest } from '../../model';
import { append, cutBack, type Appended } from './append';
import { createCurrentFile, type BucketFileParts } from './currentFile';
import { codeOf, explain, failureLog } from './errors';
import type { OpenFile } from './openFile';
import { createEntryQueue, type Entry } from './queue';
import type { Holder } from './slots';
import { syncFile } from './sync';

/** The files of one owner, one open at a time, one call outstanding. */
export interface BucketFile {
  readonly push: (entry: Entry) => void;
  /** Takes an entry back. False: its call is outstanding, its result is what happens. */
  readonly giveUp: (entry: Entry) => boolean;
  /** Whether it could be forgotten: nothing open, nothing to do. */
  readonly isDormant: () => boolean;
  /** Closes the file for good, after what is under way, where `closes` allows it for every bucket in it. */
  readonly end: (closes: (bucket: string) => boolean) => Promise<void>;
  /** Waits for what is queued and closes the file. */
  readonly close: () => Promise<void>;
}

interface Ending {
  readonly closes: (bucket: string) => boolean;
  readonly ended: () => void;
}

/** More would make one call long, and giving up slow. */
const MOST_BYTES_A_CALL = 4 * 1024 * 1024;

const lengthOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

/** How many of the batches lie whole in the first `bytes`, and where the last of those ends. */
const wholeIn = (
  batches: readonly (readonly Buffer[])[],
  bytes: number,
): { readonly howMany: number; readonly end: number } => {
  let end = 0;
  for (const [howMany, buffers] of batches.entries()) {
    const length = lengthOf(buffers);
    if (end + length > bytes) return { howMany, end };
    end += length;
  }
  return { howMany: batches.length, end };
};

const failAll = (entries: Iterable<Entry>, message: string, written: Rest['written']): void => {
  const cause: Cause = { kind: 'unavailable', message };
  for (const entry of entries) entry.fail(cause, written);
};

export const createBucketFile = (bucket: string, parts: BucketFileParts): BucketFile => {
  const { slots, settings, form, attempted, env } = parts;
  const { sizeRotate, fsync } = settings;
  const queue = createEntryQueue();
  const due = new Set<'park' | 'rotate' | 'sync'>();
  const ending: Ending[] = [];
  let running: Promise<void> | undefined;

  const logFailure = failureLog(env);

  /** Whether all that was written is where it can be found. False: the file was deleted. Rejects where that is not known. */
  const confirm = async (to: OpenFile): Promise<boolean> => {
    if (fsync === 'batch') await syncFile(to);
    return (await to.handle.stat()).nlink > 0;
  };

  /** Ends entries that lie in the file from `from` on. */
  const acknowledge = async (to: OpenFile, group: readonly Entry[], from: number): Promise<void> => {
    if (group.length === 0) return;
    try {
      if (await confirm(to)) {
        attempted();
        for (const entry of group) entry.succeed();
        return;
      }
      env.log.warn('file: it was deleted while open; a new one is made', { stream: env.name, path: to.path });
      queue.putBack(group);
      await current.shut('any');
    } catch (error) {
      const cut = await cutBack(to.handle, to.length, from);
      if (cut) to.length = from;
      to.synced = Math.min(to.synced, from);
      logFailure('file: what was written cannot be made sure', to.path, error, { cutBack: cut });
      await current.shut('after');
      const cause = `${to.path}: ${explain(error)}`;
      attempted(cause);
      failAll(group, cause, 'unknown');
    }
  };

  /** Batches that lie there whole stay; the one that was broken off is cut away. */
  const settleBroken = async (
    to: OpenFile,
    group: readonly Entry[],
    batches: readonly (readonly Buffer[])[],
    { bytes, error }: Appended,
  ): Promise<void> => {
    const from = to.length;
    const { howMany, end } = wholeIn(batches, bytes);
    const cut = await cutBack(to.handle, from + bytes, from + end);
    to.length = from + end;
    const cause = `${to.path}: ${explain(error)}`;
    logFailure('file: writing failed', to.path, error, { cutBack: cut });
    const [broken, ...rest] = group.slice(howMany);
    await acknowledge(to, group.slice(0, howMany), from);
    await current.shut(cut ? 'same' : 'after');
    attempted(cause);
    if (broken) failAll([broken], cause, cut ? 'no' : 'unknown');
    failAll(rest, cause, 'no');
  };

  const writeGroup = async (to: OpenFile): Promise<void> => {
    const group = queue.take(Math.min(sizeRotate - to.length, MOST_BYTES_A_CALL));
    if (group.length === 0) return;
    for (const { batch } of group) current.touch(batch.bucket);
    const batches = group.map(({ batch }) => form.buffersOf(batch));
    const appended = await append(to.handle, batches.flat());
    if (appended.error !== undefined) {
      await settleBroken(to, group, batches, appended);
      return;
    }
    const from = to.length;
    to.length += appended.bytes;
    await acknowledge(to, group, from);
  };

  const step = async (): Promise<void> => {
    try {
      await writeGroup(await current.get());
    } catch (error) {
      const cause = explain(error);
      env.log.error('file: opening failed', { stream: env.name, bucket, code: codeOf(error), cause });
      const waiting = queue.take(Infinity);
      attempted(cause);
      failAll(waiting, cause, 'no');
    }
  };

  const endCurrent = async (): Promise<void> => {
    const asked = ending.splice(0);
    if (asked.some(({ closes }) => current.mayEnd(closes))) await current.end();
    for (const { ended } of asked) ended();
  };

  const run = async (): Promise<void> => {
    while (queue.size() > 0 || due.size > 0 || ending.length > 0) {
      const now = new Set(due);
      due.clear();
      if (ending.length > 0) await endCurrent();
      if (now.has('rotate')) await current.rotate();
      else if (now.has('park') || slots.wanted()) await current.shut('same');
      else if (now.has('sync')) await current.sync();
      if (queue.size() > 0) await step();
    }
    running = undefined;
    if (current.isOpen()) slots.idle(holder);
  };

  const start = (): void => {
    if (running) return;
    slots.busy(holder);
    running = run();
  };

  const ask = (what: 'park' | 'rotate' | 'sync'): void => {
    due.add(what);
    start();
  };

  const current = createCurrentFile(bucket, parts, ask);
  const holder: Holder = { park: () => ask('park') };

  return {
    push(entry) {
      queue.push(entry);
      start();
    },
    giveUp: queue.remove,
    isDormant: () => !running && !current.isOpen(),
    end(closes) {
      // While something runs, a file may be on its way out.
      if (!running && !current.mayEnd(closes)) return Promise.resolve();
      return new Promise((ended) => {
        ending.push({ closes, ended });
        start();
      });
    },
    async close() {
      while (running) await running;
      slots.busy(holder);
      await current.end();
    },
  };
};
