/** At most this many descriptors are kept for files, brokers and the rest. */
const MOST_KEPT = 512;

/**
 * Connections that may be open at once: half of the descriptors that are free, so that the rest is left for files and brokers. Where
 * none is free for a connection, the system accepts and closes it before anybody can say so.
 *
 * @param limit descriptors that the process may open
 * @param open those that it has open, with what it was started with
 */
export const connectionLimit = (limit: number, open: number): number => {
  const free = Math.max(0, limit - open);
  return Math.max(1, free - Math.min(MOST_KEPT, Math.ceil(free / 2)));
};
