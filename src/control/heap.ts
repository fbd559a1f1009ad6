import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * How far V8 lets the heap grow between two full collections. What is read lies outside the heap but counts as part of it: with
 * V8's own measure for a heap as small as ours, held messages cause a full collection every few milliseconds (docs/decisions/0005).
 */
const GROWING_PERCENT = 200;
/** The same while memory is short: time for memory. */
const SHORT_GROWING_PERCENT = 25;
/** Full collections asked for take this part of the time at most: each stops everything for some tens of milliseconds. */
const SHARE = 0.1;

const setGrowing = (percent: number): void => setFlagsFromString(`--heap-growing-percent=${percent}`);

/**
 * Sets how much garbage V8's heap may hold, and returns what to call with whether memory is short: then it collects, and lets the heap
 * grow by less, until it is called with false.
 *
 * @param nowMs of a clock that does not jump
 */
export const tuneHeap = (nowMs: () => number): ((short: boolean) => void) => {
  setGrowing(GROWING_PERCENT);
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  setFlagsFromString('--no-expose-gc');
  let wasShort = false;
  let nextMs = -Infinity;
  return (short) => {
    if (short !== wasShort) setGrowing(short ? SHORT_GROWING_PERCENT : GROWING_PERCENT);
    wasShort = short;
    const startMs = nowMs();
    if (!short || startMs < nextMs) return;
    collect();
    const endMs = nowMs();
    nextMs = endMs + (endMs - startMs) * (1 / SHARE - 1);
  };
};
