import type { Batch, Frames, Unsettled } from '../model';

/** What a crash finds. */
export interface UnsettledParts {
  readonly unsettled: Unsettled;
  /** What open batches have gathered: accepted, and written to no stream yet. */
  readonly gathered: () => Iterable<Frames>;
  /** Batches that streams have not settled, or what is left of them, of each stream in the order of their writes. */
  readonly written: () => Iterable<{ readonly stream: string; readonly batch: Batch }>;
}

/** Keeps all that is accepted and not settled in sight: one entry an open bucket, and one a batch and stream. */
export const createUnsettled = (): UnsettledParts => {
  const open = new Set<() => readonly Frames[]>();
  const writing = new Set<{ readonly stream: string; readonly batch: Batch }>();
  /** Of the few batches that are settled in part, and of which stream. */
  const left = new WeakMap<Batch, Map<string, readonly Batch[]>>();
  return {
    unsettled: {
      gathering(frames) {
        open.add(frames);
        return () => void open.delete(frames);
      },
      writing(stream, batch) {
        const entry = { stream, batch };
        writing.add(entry);
        return () => void writing.delete(entry);
      },
      left(stream, batch, parts) {
        left.set(batch, (left.get(batch) ?? new Map<string, readonly Batch[]>()).set(stream, parts));
      },
    },
    *gathered() {
      for (const frames of open) yield* frames();
    },
    *written() {
      for (const { stream, batch } of writing)
        for (const part of left.get(batch)?.get(stream) ?? [batch]) yield { stream, batch: part };
    },
  };
};
