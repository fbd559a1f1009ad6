/** A breaker of sink `s` with short times, for marbles. */
export const SHORT_TIMES = {
  name: 's',
  troubleMs: 2,
  afterMs: 5,
  retryMs: 10,
  random: () => 0.5,
  onState: () => undefined,
} as const;
