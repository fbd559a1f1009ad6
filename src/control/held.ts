import { BehaviorSubject, distinctUntilChanged } from 'rxjs';
import type { Held } from '../model';

/** MAXMEMORY bytes below this are raised to it: the process itself needs about 90 MB. */
export const MIN_MEMORY_BYTES = 160 * 1024 * 1024;
const PROCESS_BYTES = 90 * 1024 * 1024;

/** The marks for a process of `maxMemoryBytes`: 40 % of what the process itself leaves, and half of that. */
export const memoryMarks = (maxMemoryBytes: number): { readonly high: number; readonly low: number } => {
  const high = Math.floor(0.4 * (Math.max(maxMemoryBytes, MIN_MEMORY_BYTES) - PROCESS_BYTES));
  return { high, low: Math.floor(high / 2) };
};

/**
 * Counts the bytes that are read and not settled. `full$` turns true at `high` bytes and false again at `low`.
 *
 *     bytes   0 … high … low …
 *     full$   f---t------f---
 */
export const createHeld = ({ high, low }: { readonly high: number; readonly low: number }): Held => {
  const full = new BehaviorSubject(false);
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    charge(n) {
      bytes += n;
      if (bytes >= high && !full.value) full.next(true);
    },
    release(n) {
      bytes -= n;
      if (bytes <= low && full.value) full.next(false);
    },
    full$: full.pipe(distinctUntilChanged()),
  };
};
