/**
 * Runs `work` for whoever asks, one run at a time: who asks while one is under way shares the next, which begins after it, since what
 * that one has seen may be old already.
 */
export const shareRuns = <A>(work: () => Promise<A>): (() => Promise<A>) => {
  let last: Promise<unknown> = Promise.resolve();
  let waiting: Promise<A> | undefined;
  const run = (): Promise<A> => {
    waiting = undefined;
    return work();
  };
  return () => {
    if (!waiting) {
      waiting = last.then(run, run);
      last = waiting;
    }
    return waiting;
  };
};
