import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `each` for 0, 1, 2 … as they become due, one after the other. */
export const paced = async (count: number, perSecond: number, each: (i: number) => Promise<void>): Promise<void> => {
  const started = performance.now();
  for (let done = 0; done < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - started) / 1000) * perSecond));
    for (; done < due; done += 1) await each(done);
    await sleep(1);
  }
};
