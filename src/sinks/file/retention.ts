import { constants } from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Env } from '../../model';
import { codeOf, GONE, messageOf, NOT_OURS, unless } from './errors';
import { sortedNames } from './folders';
import { frameAt, HEAD_BYTES } from '../../wire/frameAt';
import type { NamePattern, Names } from './names';
import { openedBy } from './openFile';

/** Keeps the number of files down. */
export interface Retention {
  /** A file of the bucket was made: counts them, soon. */
  readonly made: (bucket: string, root: string) => void;
  /** A file is written to from now on: whatever its time says, it is the newest. */
  readonly opened: (path: string) => void;
  /** Resolves when nothing is under way. */
  readonly done: () => Promise<void>;
}

interface Known {
  readonly path: string;
  readonly modifiedMs: number;
  readonly bytes: number;
}

type List = (folder: string) => Promise<readonly string[]>;

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

const findPaths = async (root: string, patterns: readonly NamePattern[], list: List): Promise<readonly string[]> => {
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

/** Looks whether a file of a name of ours is ours: a plain file that starts with a frame of this owner. */
const inspect = async (path: string, owner: string | undefined): Promise<Known | undefined> => {
  const handle = await unless(NOT_OURS, open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
  if (!handle) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.nlink !== 1) return undefined;
    const head = Buffer.alloc(HEAD_BYTES);
    const { bytesRead } = await handle.read(head, 0, HEAD_BYTES, 0);
    const { bucket } = frameAt(head.subarray(0, bytesRead), 0, Math.max(bytesRead, stat.size));
    const ours = bucket !== undefined && (owner ?? bucket) === bucket;
    return ours ? { path, modifiedMs: stat.mtimeMs, bytes: stat.size } : undefined;
  } finally {
    await handle.close();
  }
};

const numeric = new Intl.Collator('en', { numeric: true });

/** Files whose place in the order is remembered. */
const MOST_REMEMBERED = 20_000;

/** The order in which this process opened files: their times follow the clock, which may be put back. */
const createOrder = () => {
  const places = new Map<string, number>();
  let next = 1;
  return {
    opened: (path: string): void => {
      places.delete(path);
      places.set(path, next);
      next += 1;
      const [first] = places.keys();
      if (places.size > MOST_REMEMBERED && first !== undefined) places.delete(first);
    },
    /** 0 for what was not opened. */
    placeOf: (path: string): number => places.get(path) ?? 0,
    forget: (path: string): void => void places.delete(path),
  };
};

/**
 * Deletes the oldest files of an owner beyond `maxFiles`. A name that the template can have made is not enough: the file must
 * start with a frame of the owner. All runs beside the writing, one pass for whatever was made since the last.
 */
export const createRetention = (maxFiles: number, names: Names, env: Env): Retention => {
  const order = createOrder();
  const oldestFirst = (one: Known, other: Known): number =>
    order.placeOf(one.path) - order.placeOf(other.path) ||
    one.modifiedMs - other.modifiedMs ||
    numeric.compare(one.path, other.path);

  const due = new Map<string | undefined, { readonly bucket: string; readonly root: string }>();
  /** What was found to be ours before, so that a pass reads only files that are new to it. */
  const known = new Map<string | undefined, ReadonlyMap<string, Known>>();
  let pass: Promise<void> | undefined;

  const ours = async (
    owner: string | undefined,
    paths: readonly string[],
  ): Promise<{ readonly closed: readonly Known[]; readonly open: number }> => {
    const before = known.get(owner);
    const found: Known[] = [];
    let open = 0;
    for (const path of paths) {
      const opened = openedBy(path);
      const file = opened ? undefined : (before?.get(path) ?? (await inspect(path, owner)));
      if (file) found.push(file);
      if (opened && opened.owner === owner) open += 1;
    }
    known.set(owner, new Map(found.map((file) => [file.path, file])));
    return { closed: found, open };
  };

  const trim = async (bucket: string, root: string, list: List): Promise<void> => {
    const owner = names.ownerOf(bucket);
    const paths = await findPaths(root, names.patterns(bucket), list);
    if (paths.length <= maxFiles) return;
    const { closed, open: opened } = await ours(owner, paths);
    const oldest = [...closed].sort(oldestFirst).slice(0, Math.max(0, closed.length + opened - maxFiles));
    const deleted: Known[] = [];
    for (const file of oldest) {
      // It may have been replaced since it was looked at.
      if (openedBy(file.path) || !(await inspect(file.path, owner))) continue;
      await unless(GONE, unlink(file.path));
      order.forget(file.path);
      deleted.push(file);
    }
    if (deleted.length === 0) return;
    env.log.warn('file: the oldest files are deleted', {
      stream: env.name,
      bucket,
      files: deleted.length,
      bytes: deleted.reduce((sum, { bytes }) => sum + bytes, 0),
      maxFiles,
      first: deleted[0]?.path,
    });
  };

  const runPass = async (): Promise<void> => {
    while (due.size > 0) {
      const now = [...due.values()];
      due.clear();
      const listed = new Map<string, Promise<readonly string[]>>();
      const list: List = (folder) => {
        const names = listed.get(folder) ?? sortedNames(folder);
        listed.set(folder, names);
        return names;
      };
      for (const { bucket, root } of now) {
        try {
          await trim(bucket, root, list);
        } catch (error) {
          env.log.error('file: old files cannot be deleted', {
            stream: env.name,
            code: codeOf(error),
            cause: messageOf(error),
          });
        }
      }
    }
    pass = undefined;
  };

  return {
    opened: order.opened,
    made: (bucket, root) => {
      due.set(names.ownerOf(bucket), { bucket, root });
      pass ??= runPass();
    },
    done: () => pass ?? Promise.resolve(),
  };
};
