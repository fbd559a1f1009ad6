import type { Batch, Cause, Rest } from '../../model';

/** A batch that waits for its place in a file, or for the result of the call that writes it. */
export interface Entry {
  readonly batch: Batch;
  /** What it takes of a file, at most. */
  readonly bytes: number;
  readonly succeed: () => void;
  readonly fail: (cause: Cause, written: Rest['written']) => void;
}

/** Fails them all with a cause that may pass. */
export const failAll = (entries: Iterable<Entry>, message: string, written: Rest['written']): void => {
  const cause: Cause = { kind: 'unavailable', message };
  for (const entry of entries) entry.fail(cause, written);
};

/** Entries in the order in which they came. */
export interface EntryQueue {
  readonly size: () => number;
  readonly push: (entry: Entry) => void;
  /** False: it is not here. */
  readonly remove: (entry: Entry) => boolean;
  /** The first ones, until they have `bytes` or more. */
  readonly take: (bytes: number) => readonly Entry[];
  /** Puts what was taken in front again. */
  readonly putBack: (entries: readonly Entry[]) => void;
}

export const createEntryQueue = (): EntryQueue => {
  const queue = new Set<Entry>();
  const take = (most: number): readonly Entry[] => {
    const taken: Entry[] = [];
    let bytes = 0;
    for (const entry of queue) {
      if (bytes >= most) break;
      queue.delete(entry);
      taken.push(entry);
      bytes += entry.bytes;
    }
    return taken;
  };
  return {
    size: () => queue.size,
    push: (entry) => void queue.add(entry),
    remove: (entry) => queue.delete(entry),
    take,
    putBack: (entries) => {
      const behind = take(Infinity);
      for (const entry of [...entries, ...behind]) queue.add(entry);
    },
  };
};
