import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { between } from './between';
import type { MemoryMarks } from './held';

/**
 * How far V8 lets the heap grow between two full collections. What is read lies outside the heap but counts as part of it: with
 * V8's own measure for a heap as small as ours, held messages cause a full collection every few milliseconds (docs/decisions/0005).
 */
const GROWING_PERCENT = 200;
/** The least of it, where there is no room left. */
const LEAST_GROWING_PERCENT = 25;
/** In steps, since telling V8 costs something. */
const STEP_PERCENT = 25;
/** The heap may grow into this part of the room that is left: what is read grows too. */
const GROWS_INTO = 0.5;
/** Full collections asked for, each of which stops everything for some tens of milliseconds, take this part of the time at the limit… */
const SHARE = 0.1;
/** …and more above it: at a fifth more than the limit, half of the time. */
const MOST_SHARE = 0.5;
const MOST_AT = 1.2;
/** A collection that frees less than this part of the heap was of little use: up to `MOST_AT` the next one waits twice as long… */
const OF_USE = 0.1;
/** …up to so many times. */
const MOST_PATIENCE = 8;

/** How far a heap of `heapBytes` may grow, in percent, where the process may take `roomBytes` more. */
export const growingPercent = (roomBytes: number, heapBytes: number): number => {
  const percent = (100 * GROWS_INTO * roomBytes) / heapBytes;
  return STEP_PERCENT * Math.round(Math.min(GROWING_PERCENT, Math.max(LEAST_GROWING_PERCENT, percent)) / STEP_PERCENT);
};

const shareAt = (part: number): number => between(part, [1, MOST_AT], [SHARE, MOST_SHARE]);

/** Bytes of the heap, and of what it holds outside of itself. */
const bytesOfHeap = (): number => {
  const { used_heap_size: inside, external_memory: outside } = getHeapStatistics();
  return inside + outside;
};

/**
 * Sets how much garbage V8's heap may hold, and returns what to call with the size of the process as a part of its limit: the less room
 * is left for what is live, the less the heap may grow, and from the limit on it collects.
 *
 * @param nowMs of a clock that does not jump
 */
export const tuneHeap = (
  nowMs: () => number,
  { limit, max }: Pick<MemoryMarks, 'limit' | 'max'>,
  heapBytes = bytesOfHeap,
): ((part: number) => void) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  let growing = 0;
  let endMs = -Infinity;
  let tookMs = 0;
  let patience = 1;

  const setGrowing = (percent: number): void => {
    if (percent === growing) return;
    growing = percent;
    setFlagsFromString(`--heap-growing-percent=${percent}`);
  };

  setGrowing(GROWING_PERCENT);
  return (part) => {
    setGrowing(growingPercent(max - part * limit, getHeapStatistics().used_heap_size));
    const startMs = nowMs();
    const pauseMs = tookMs * (1 / shareAt(part) - 1) * (part < MOST_AT ? patience : 1);
    if (part < 1 || startMs - endMs < pauseMs) return;
    const before = heapBytes();
    collect();
    patience = before - heapBytes() < OF_USE * before ? Math.min(2 * patience, MOST_PATIENCE) : 1;
    endMs = nowMs();
    tookMs = endMs - startMs;
  };
};
