import { BehaviorSubject, distinctUntilChanged } from 'rxjs';
import type { Held } from '../model';

/** MAXMEMORY bytes below this are raised to it: the process itself needs about 90 MB. */
export const MIN_MEMORY_BYTES = 160 * 1024 * 1024;
const PROCESS_BYTES = 90 * 1024 * 1024;
/** What an open bucket takes while it holds nothing, with its state in the streams (docs/memory.md). */
const BUCKET_BYTES = 8 * 1024;
const MAX_BUCKETS = 10_000;
/** From this part of its bound on the process counts as too large, whatever is known to be held. */
const LIMIT = 0.75;
/** The resident set is looked at each time that this part of the high mark has been charged. */
const LOOKS = 32;

export interface MemoryMarks {
  /** Bytes held at which reading stops, and at which it goes on. */
  readonly high: number;
  readonly low: number;
  /** Bytes of the resident set from which on half of that is the mark. */
  readonly limit: number;
  /** Buckets open at once. */
  readonly maxBuckets: number;
}

/** The marks for a process of `maxMemoryBytes`: 40 % of what the process itself leaves, and half of that. */
export const memoryMarks = (maxMemoryBytes: number): MemoryMarks => {
  const max = Math.max(maxMemoryBytes, MIN_MEMORY_BYTES);
  const left = max - PROCESS_BYTES;
  const high = Math.floor(0.4 * left);
  return {
    high,
    low: Math.floor(high / 2),
    limit: Math.floor(LIMIT * max),
    maxBuckets: Math.min(MAX_BUCKETS, Math.floor((0.2 * left) / BUCKET_BYTES)),
  };
};

export interface HeldOptions extends Pick<MemoryMarks, 'high' | 'low'> {
  /** The process around what is held. Default: it is not looked at. */
  readonly process?: {
    /** Bytes of its resident set. */
    readonly memory: () => number;
    readonly limit: number;
    /** Told at each look whether it is over the limit: to give back what nobody uses. */
    readonly relieve: (over: boolean) => void;
  };
}

/**
 * Counts the bytes that are read and not settled. `full$` turns true at `high` bytes and false again at `low`.
 *
 *     bytes   0 … high … low …
 *     full$   f---t------f---
 *
 * What is counted is not all there is: garbage, and memory that the allocator cannot give back. So the process is looked at as well, a
 * few times on the way to the mark: while it is over its limit, both marks are half as high. No lower, since what is not held cannot
 * be settled either, and a process that stays large must not stop reading for ever.
 */
export const createHeld = ({ high, low, process }: HeldOptions): Held => {
  const full = new BehaviorSubject(false);
  let bytes = 0;
  let unseen = 0;
  let scale = 1;

  const look = ({ memory, limit, relieve }: NonNullable<HeldOptions['process']>): void => {
    unseen = 0;
    relieve(memory() >= limit);
    scale = memory() >= limit ? 0.5 : 1;
  };

  return {
    get bytes() {
      return bytes;
    },
    high,
    charge(n) {
      bytes += n;
      unseen += n;
      if (process && unseen >= high / LOOKS) look(process);
      if (bytes >= scale * high && !full.value) full.next(true);
    },
    release(n) {
      bytes -= n;
      if (bytes <= scale * low && full.value) full.next(false);
    },
    full$: full.pipe(distinctUntilChanged()),
  };
};
