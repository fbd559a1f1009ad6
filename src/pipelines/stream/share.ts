import type { Held } from '../../model';

/** Of the high mark: the low one is half of it, and a sink may hold a copy, encoded, of what it is given. */
const PART = 1 / 4;

/**
 * Bytes of memory that a stream with a backup may hold while it hangs: with its copy, its part of the low mark. What waits for all
 * streams together, even if they all hang, then never keeps reading from going on. No bound for a single stream: it stops nobody
 * else, and may fill the memory before its backup takes over.
 *
 * @param streams how many there are now
 */
export const fairShareOf =
  ({ high }: Pick<Held, 'high'>, streams: () => number): (() => number) =>
  () =>
    streams() > 1 ? Math.floor((PART * high) / streams()) : Infinity;
