import type { Batch } from '../model';

/** A part of a file, to be sent on. */
export interface Window {
  /** By bucket, each in the order of the file. */
  readonly batches: readonly Batch[];
  /** Bytes of the file before it, and up to its end. */
  readonly start: number;
  readonly end: number;
  /** Whether an earlier process may have sent it on already. */
  readonly maybeTwice: boolean;
}

/** A closed file that is being sent on, from where its durable progress says. */
export interface SpoolReader {
  readonly path: string;
  /** Bytes in whole frames. */
  readonly size: number;
  /**
   * The next window; undefined at the end. Asking for it says that the one before is settled: that, and that this one is under
   * way, is durable before it resolves.
   */
  readonly next: () => Promise<Window | undefined>;
  /** Deletes the file and its progress: everything is settled. */
  readonly remove: () => Promise<void>;
  /** Leaves it to be gone on with. `settled`: the window that was handed out last is. Default: it may be sent once more. */
  readonly close: (settled?: boolean) => Promise<void>;
}
