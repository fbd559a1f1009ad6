import type { Traffic } from '../../traffic';
import { lasts } from './scene';

const TICK_MS = 10;

/** Lets traffic flow for `ms`, and tells the number of the first message that was written less than `recentMs` before the end. */
export const flow = async (traffic: Traffic, ms: number, recentMs: number): Promise<number> => {
  const first = traffic.next();
  const seen: { readonly atMs: number; readonly next: number }[] = [];
  for (const endMs = performance.now() + ms; performance.now() < endMs;) {
    seen.push({ atMs: performance.now(), next: traffic.next() });
    await lasts(TICK_MS);
  }
  const sinceMs = performance.now() - recentMs;
  return seen.findLast(({ atMs }) => atMs <= sinceMs)?.next ?? first;
};
