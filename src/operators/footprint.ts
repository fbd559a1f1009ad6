import type { Batch, Held } from '../model';

/** Bytes that a run takes beside those of its frames: its objects, and their places in lists (docs/memory.md). */
const RUN_BYTES = 512;
/** The same of a connection that has messages in a batch. */
const DEBT_BYTES = 128;
/** Bytes that a batch takes beside its runs until it is settled, and those for each stream that has it: subscriptions, mostly. */
const BATCH_BYTES = 4 * 1024;
const STREAM_BYTES = 10 * 1024;
/** The same of a stream's backup, with the breakers before it. */
const BACKUP_BYTES = 18 * 1024;

type Parts = Pick<Batch, 'frames' | 'debts'>;

/** A stream that batches go to. */
interface Taker {
  /** Default: it has none. */
  readonly hasBackup?: boolean;
}

const batchOverhead = (streams: readonly Taker[]): number =>
  streams.reduce((sum, { hasBackup }) => sum + STREAM_BYTES + (hasBackup ? BACKUP_BYTES : 0), BATCH_BYTES);

const partsOverhead = ({ frames, debts = [] }: Parts): number => frames.length * RUN_BYTES + debts.length * DEBT_BYTES;

const WITH_BACKUP = batchOverhead([{ hasBackup: true }]);

/** What a batch takes while one stream, which has a backup, has it. */
export const footprint = ({ bytes, ...parts }: Pick<Batch, 'bytes'> & Parts): number =>
  bytes + partsOverhead(parts) + WITH_BACKUP;

/** Charges what the runs and batches of one bucket take beside their bytes: many small ones weigh more than what is in them. */
export interface Overhead {
  /**
   * The open batch is of so many runs and debts now. The first one pays for the batch, so that memory that is full gets no fuller
   * when all batches close. The batch may be closed for it.
   */
  open(parts: { readonly runs: number; readonly debts: number }): void;
  /** The batch is closed. */
  batch(): void;
  /** It is settled: gives back what was charged. */
  settled(batch: Parts): void;
}

/** @param streams those that get each batch */
export const overhead = (held: Pick<Held, 'charge' | 'release'>, streams: readonly Taker[]): Overhead => {
  const batchBytes = batchOverhead(streams);
  /** For the open batch. */
  let charged = 0;
  return {
    open: ({ runs, debts }) => {
      const more = batchBytes + runs * RUN_BYTES + debts * DEBT_BYTES - charged;
      if (more === 0) return;
      charged += more;
      held.charge(more);
    },
    batch: () => {
      charged = 0;
    },
    settled: (batch) => held.release(partsOverhead(batch) + batchBytes),
  };
};
