import { asyncScheduler, BehaviorSubject, distinctUntilChanged, type SchedulerLike, type Subscription } from 'rxjs';
import type { Held } from '../model';
import { between } from './between';

/** MAXMEMORY bytes below this are raised to it: the process itself needs about 90 MB. */
export const MIN_MEMORY_BYTES = 160 * 1024 * 1024;
const PROCESS_BYTES = 90 * 1024 * 1024;
/** What an open bucket takes while it holds nothing, with its state in the streams (docs/memory.md). */
const BUCKET_BYTES = 8 * 1024;
const MAX_BUCKETS = 10_000;
/** At this part of its bound the process counts as too large, whatever is known to be held. */
const LIMIT = 0.75;
/** From this part of the limit on the marks fall, down to half at the limit. */
const FALLS_FROM = 0.85;
/** The resident set is looked at each time that this part of the high mark has been charged or released. */
const LOOKS = 32;
/** And this often while it is full: nothing moves then, but what waits is tried again and again, which leaves garbage. */
const LOOK_EVERY_MS = 500;

export interface MemoryMarks {
  /** Bytes that the process may take. */
  readonly max: number;
  /** Bytes held at which reading stops, and at which it goes on. */
  readonly high: number;
  readonly low: number;
  /** Bytes of the resident set from which on half of that is the mark. Near it the mark is in between. */
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
    max,
    high,
    low: Math.floor(high / 2),
    limit: Math.floor(LIMIT * max),
    maxBuckets: Math.min(MAX_BUCKETS, Math.floor((0.2 * left) / BUCKET_BYTES)),
  };
};

/** What is left of the marks where the process is `part` of its limit. */
const scaleAt = (part: number): number => between(part, [FALLS_FROM, 1], [1, 0.5]);

export interface HeldOptions extends Pick<MemoryMarks, 'high' | 'low'> {
  /** The process around what is held. Default: it is not looked at. */
  readonly process?: {
    /** Bytes of its resident set. */
    readonly memory: () => number;
    readonly limit: number;
    /** Told at each look which part of the limit it is, 1 at the limit: to give back what nobody uses. */
    readonly relieve: (part: number) => void;
    /** Default: `asyncScheduler`. */
    readonly scheduler?: SchedulerLike;
  };
}

/**
 * Counts the bytes that are read and not settled. `full$` turns true at `high` bytes and false again at `low`.
 *
 *     bytes   0 … high … low …
 *     full$   f---t------f---
 *
 * What is counted is not all there is: garbage, and memory that the allocator cannot give back. So the process is looked at as well, a
 * few times on the way to the mark: the nearer it is to its limit, the lower are both marks, down to half. No lower, since what is not
 * held cannot be settled either, and a process that stays large must not stop reading for ever.
 */
export const createHeld = ({ high, low, process }: HeldOptions): Held => {
  const full = new BehaviorSubject(false);
  let bytes = 0;
  let unseen = 0;
  let scale = 1;
  let watching: Subscription | undefined;

  const look = ({ memory, limit, relieve }: NonNullable<HeldOptions['process']>): void => {
    unseen = 0;
    const part = memory() / limit;
    relieve(part);
    // Looked at again only where something may have been given back.
    scale = scaleAt(part < 1 ? part : memory() / limit);
  };

  const moved = (n: number): void => {
    unseen += n;
    if (process && unseen >= high / LOOKS) look(process);
  };

  const goOnAtLow = (): void => {
    if (bytes <= scale * low && full.value) full.next(false);
  };

  const watch = (around: NonNullable<HeldOptions['process']>): void => {
    watching ??= (around.scheduler ?? asyncScheduler).schedule(() => {
      watching = undefined;
      if (!full.value) return;
      look(around);
      goOnAtLow();
      watch(around);
    }, LOOK_EVERY_MS);
  };

  return {
    get bytes() {
      return bytes;
    },
    high,
    charge(n) {
      bytes += n;
      moved(n);
      if (bytes < scale * high || full.value) return;
      full.next(true);
      if (process) watch(process);
    },
    release(n) {
      bytes -= n;
      // What was settled leaves garbage; where nothing more comes, nobody else collects it.
      moved(n);
      goOnAtLow();
    },
    full$: full.pipe(distinctUntilChanged()),
  };
};
