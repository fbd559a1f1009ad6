import type { SchedulerLike, Subscription } from 'rxjs';

/** Delays of one sink on its scheduler, so that closing can end them all. */
export interface Timers {
  /** Runs `work` after `ms`, unless the returned function is called before. */
  after(ms: number, work: () => void): () => void;
  /** Ends all; those asked for later never run. */
  close(): void;
}

export const createTimers = (scheduler: SchedulerLike): Timers => {
  const running = new Set<Subscription>();
  let closed = false;
  return {
    after(ms, work) {
      if (closed) return () => undefined;
      const timer = scheduler.schedule(() => {
        running.delete(timer);
        timer.unsubscribe();
        work();
      }, ms);
      running.add(timer);
      return () => {
        running.delete(timer);
        timer.unsubscribe();
      };
    },
    close() {
      closed = true;
      for (const timer of running) timer.unsubscribe();
      running.clear();
    },
  };
};

/** Bounds of a delay that doubles with every failure, and a source of randomness (at least 0, below 1). */
export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly random: () => number;
}

/** So many failures in a row, about 2 s at the usual backoff, are worth telling; most pass by themselves before. */
export const LASTING_FAILURES = 5;

/** Without it a backoff of 0 would be a busy loop. */
const MIN_BACKOFF_MS = 10;

/** Up to 20 % around `ms`, so that clients do not come all at once. */
export const jittered = (ms: number, random: () => number): number => ms * (0.8 + 0.4 * random());

/** The delay after `failures` in a row (1 or more), {@link jittered}. */
export const backoffMs = ({ firstMs, maxMs, random }: Backoff, failures: number): number =>
  jittered(Math.max(MIN_BACKOFF_MS, Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 20))), random);

/** The rest before the next attempt at a broker: anywhere within `firstMs` after a loss, else as {@link backoffMs}. */
export const reconnectMs = (backoff: Backoff, failures: number): number =>
  failures === 0 ? backoff.firstMs * backoff.random() : backoffMs(backoff, failures);

export const pause = (timers: Timers, ms: number): Promise<void> =>
  new Promise((resolve) => {
    timers.after(ms, resolve);
  });

/** What `work` comes to; undefined if it takes longer than `ms`. */
export const within = <A>(timers: Timers, ms: number, work: Promise<A>): Promise<A | undefined> =>
  new Promise((resolve, reject) => {
    const cancel = timers.after(ms, () => resolve(undefined));
    void work.then(resolve, reject).finally(cancel);
  });
