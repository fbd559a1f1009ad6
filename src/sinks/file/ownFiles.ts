import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { compareNames } from '../../wire/fileNames';
import { frameAt, HEAD_BYTES } from '../../wire/frameAt';
import { failedWith, unless } from '../../wire/systemErrors';
import { NOT_OURS } from './errors';
import type { NamePattern } from './names';

/** A plain file with one name, as far as its first frame says whose it is. */
export interface Inspected {
  readonly path: string;
  readonly modifiedMs: number;
  /** 0 where the file system does not say. A copy is as old as what it holds. */
  readonly madeMs: number;
  readonly bytes: number;
  /** Of its first frame; undefined: it does not start with one. */
  readonly bucket: string | undefined;
  /** Whether it has all of that frame. */
  readonly isWhole: boolean;
  /** Why its first frame cannot be read, where it lies on a broken place of a disk. */
  readonly unreadable?: unknown;
}

/** The sorted names in a folder. */
export type List = (folder: string) => Promise<readonly string[]>;

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** The first place in `names` that is not before `text`. */
const lowerBound = (names: readonly string[], text: string): number => {
  let low = 0;
  for (let high = names.length; low < high;) {
    const middle = (low + high) >> 1;
    if ((names[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
};

const matching = (names: readonly string[], { prefix, pattern }: NamePattern): readonly string[] => {
  const start = lowerBound(names, prefix);
  const found: string[] = [];
  for (let at = start; names[at]?.startsWith(prefix) === true; at += 1) {
    const name = names[at];
    if (name !== undefined && pattern.test(name)) found.push(name);
  }
  return found;
};

/** All paths below `root` whose steps match the patterns, one for each step. */
export const findPaths = async (
  root: string,
  patterns: readonly NamePattern[],
  list: List,
): Promise<readonly string[]> => {
  let paths: readonly string[] = [root];
  for (const pattern of patterns) {
    const found: string[] = [];
    for (const folder of paths) {
      for (const name of matching(await list(folder), pattern)) found.push(join(folder, name));
    }
    paths = found;
  }
  return paths;
};

/** What a disk says of a place that it cannot read any more. */
const UNREADABLE: ReadonlySet<string> = new Set(['EIO', 'EBADMSG']);

const readHead = async (
  handle: FileHandle,
  size: number,
): Promise<Pick<Inspected, 'bucket' | 'isWhole' | 'unreadable'>> => {
  const head = Buffer.alloc(HEAD_BYTES);
  try {
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    const { bucket, kind } = frameAt(head.subarray(0, bytesRead), 0, Math.max(bytesRead, size));
    return { bucket, isWhole: kind === 'frame' };
  } catch (error) {
    if (!failedWith(UNREADABLE, error)) throw error;
    return { bucket: undefined, isWhole: false, unreadable: error };
  }
};

/** Looks at a file that has a name of ours; nothing when it is gone, no plain file, or may not be read. */
export const inspect = async (path: string): Promise<Inspected | undefined> => {
  const handle = await unless(NOT_OURS, open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (!handle) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.nlink !== 1) return undefined;
    const { birthtimeMs, mtimeMs: modifiedMs, size } = stat;
    const madeMs = Math.min(birthtimeMs, modifiedMs);
    return { path, modifiedMs, madeMs, bytes: size, ...(await readHead(handle, size)) };
  } finally {
    await handle.close();
  }
};

/** Files whose place in the order is remembered. */
const MOST_REMEMBERED = 20_000;

/** The order in which this process opened files: their times follow the clock, which may be put back. */
export interface FileOrder {
  /** A file is written to from now on: whatever its time says, it is the newest. */
  readonly opened: (path: string) => void;
  readonly renamed: (from: string, to: string) => void;
  readonly forget: (path: string) => void;
  /** 0 for what was not opened. */
  readonly placeOf: (path: string) => number;
  /** The place of what was opened last. */
  readonly last: () => number;
  /** First what this process has not opened, by time of modification, then by name. */
  readonly oldestFirst: (
    one: Pick<Inspected, 'path' | 'modifiedMs'>,
    other: Pick<Inspected, 'path' | 'modifiedMs'>,
  ) => number;
}

export const createFileOrder = (): FileOrder => {
  const places = new Map<string, number>();
  let last = 0;
  const put = (path: string, place: number): void => {
    places.delete(path);
    places.set(path, place);
    const [first] = places.keys();
    if (places.size > MOST_REMEMBERED && first !== undefined) places.delete(first);
  };
  const placeOf = (path: string): number => places.get(path) ?? 0;
  return {
    opened: (path) => {
      last += 1;
      put(path, last);
    },
    renamed: (from, to) => {
      const place = placeOf(from);
      places.delete(from);
      put(to, place);
    },
    forget: (path) => void places.delete(path),
    placeOf,
    last: () => last,
    oldestFirst: (one, other) =>
      placeOf(one.path) - placeOf(other.path) ||
      one.modifiedMs - other.modifiedMs ||
      compareNames(one.path, other.path),
  };
};
