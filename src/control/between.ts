/** The way from `from` to `to` that `at` has gone between `start` and `end`, which it does not leave. */
export const between = (
  at: number,
  [start, end]: readonly [number, number],
  [from, to]: readonly [number, number],
): number => from + (to - from) * Math.min(1, Math.max(0, (at - start) / (end - start)));
