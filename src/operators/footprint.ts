import type { Batch, Held } from '../model';

/** Bytes that a run takes beside those of its frames: its objects, and their places in lists (docs/memory.md). */
const RUN_BYTES = 512;
/** Bytes that a batch takes beside its runs until it is settled, and those for each stream that has it: subscriptions, mostly. */
const BATCH_BYTES = 4 * 1024;
const STREAM_BYTES = 10 * 1024;
/** The same of a stream's backup, with the breakers before it. */
const BACKUP_BYTES = 18 * 1024;

type Runs = Pick<Batch, 'bytes' | 'frames'>;

/** A stream that batches go to. */
interface Taker {
  /** Default: it has none. */
  readonly hasBackup?: boolean;
}

const batchOverhead = (streams: readonly Taker[]): number =>
  streams.reduce((sum, { hasBackup }) => sum + STREAM_BYTES + (hasBackup ? BACKUP_BYTES : 0), BATCH_BYTES);

const WITH_BACKUP = batchOverhead([{ hasBackup: true }]);

/** What a batch takes while one stream, which has a backup, has it. */
export const footprint = ({ bytes, frames }: Runs): number => bytes + frames.length * RUN_BYTES + WITH_BACKUP;

/** Charges what the runs and batches of one bucket take beside their bytes: many small ones weigh more than what is in them. */
export interface Overhead {
  /** A run is accepted; the first one of a batch pays for it, so that memory that is full gets no fuller when all batches close. */
  run(): void;
  /** The batch is closed. */
  batch(): void;
  /** It is settled: gives back what both have charged. */
  settled(batch: Pick<Batch, 'frames'>): void;
}

/** @param streams those that get each batch */
export const overhead = (held: Pick<Held, 'charge' | 'release'>, streams: readonly Taker[]): Overhead => {
  const batchBytes = batchOverhead(streams);
  let isOpen = false;
  return {
    run: () => {
      held.charge(isOpen ? RUN_BYTES : RUN_BYTES + batchBytes);
      isOpen = true;
    },
    batch: () => {
      isOpen = false;
    },
    settled: ({ frames }) => held.release(frames.length * RUN_BYTES + batchBytes),
  };
};
