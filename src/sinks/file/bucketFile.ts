import { codeOf } from '../../wire/systemErrors';
import type { BucketFileParts } from './bucketFileParts';
import { createCurrentFile } from './currentFile';
import { explain } from './errors';
import { createGroupWriter } from './groupWriter';
import { createEntryQueue, failAll, type Entry } from './queue';
import type { Holder } from './slots';

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

export const createBucketFile = (bucket: string, parts: BucketFileParts): BucketFile => {
  const { slots, attempted, env } = parts;
  const queue = createEntryQueue();
  const due = new Set<'park' | 'rotate' | 'sync'>();
  const ending: Ending[] = [];
  let running: Promise<void> | undefined;

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
  const writeGroup = createGroupWriter(queue, current, parts);
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
