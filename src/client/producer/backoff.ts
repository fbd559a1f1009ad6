/** How long to wait before trying again: twice as long each time, and never two clients at the same moments. */
export interface Backoff {
  /** Milliseconds until the next attempt. */
  readonly next: () => number;
  /** It worked. */
  readonly reset: () => void;
}

export const createBackoff = (firstMs: number, mostMs: number, random: () => number = Math.random): Backoff => {
  let ms = firstMs;
  return {
    next: () => {
      const now = ms;
      ms = Math.min(mostMs, ms * 2);
      return now * (0.5 + random() / 2);
    },
    reset: () => {
      ms = firstMs;
    },
  };
};
