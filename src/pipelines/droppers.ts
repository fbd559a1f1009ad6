import type { Held } from '../model';

/** Connections that are read on while memory is full, since what they bring is dropped. */
export interface Droppers {
  /** The messages of the latest chunk of a connection: whether all of them are of buckets that drop. */
  mark(connection: number, all: boolean): void;
  forget(connection: number): void;
  /** Whether the latest chunk was of such buckets alone. */
  drops(connection: number): boolean;
  /** Whether it may be read while memory is full: one that drops, or one of which nothing is known. */
  mayRead(connection: number): boolean;
}

/** Connections of which nothing is known may fill the memory by this part of the high mark more. */
const UNKNOWN = 0.25;

/**
 * Knows connections by what they brought last. What a connection is for shows only when it is read, so a new one is, until what
 * came that way is a quarter of the mark; then they wait too.
 */
export const createDroppers = (held: Pick<Held, 'bytes'>, highMark: number): Droppers => {
  const known = new Map<number, boolean>();
  return {
    mark: (connection, all) => void known.set(connection, all),
    forget: (connection) => void known.delete(connection),
    drops: (connection) => known.get(connection) === true,
    mayRead: (connection) => known.get(connection) ?? held.bytes < (1 + UNKNOWN) * highMark,
  };
};
