import { lstat, realpath } from 'node:fs/promises';
import { identityOf } from '../../../spool/plainFile';
import { compareNames } from '../../../wire/fileNames';
import { GONE, unless } from '../../../wire/systemErrors';
import { namedFiles } from '../../findFiles';
import { Tail } from './tail';

/** A file that nobody has written to for so long is let go of; a change is seen by its size. */
const IDLE_MS = 10_000;

export interface FollowOptions {
  readonly paths: readonly string[];
  /** Names that are left out of folders. */
  readonly left: RegExp;
  /** Shows what is new in a file; `last`: nothing more comes, since it is gone. */
  readonly show: (tail: Tail, last: boolean) => Promise<void>;
  readonly isStopped: () => boolean;
  /** Resolves when it is time to look again. */
  readonly pause: () => Promise<void>;
  readonly now: () => number;
}

/** A file as it stands at a path. */
interface There {
  readonly path: string;
  readonly identity: string;
  readonly bytes: number;
  readonly modifiedMs: number;
}

const thereAt = async (path: string): Promise<There | undefined> => {
  const stat = await unless(GONE, lstat(path, { bigint: true }));
  if (!stat?.isFile()) return undefined;
  const modifiedMs = Math.round(Number(stat.mtimeNs) / 1e6);
  return { path, identity: identityOf(stat), bytes: Number(stat.size), modifiedMs };
};

/** Over links, too: the one that is named may lead to another file tomorrow. */
const filesNow = async (paths: readonly string[], left: RegExp): Promise<readonly There[]> => {
  const filesAt = async (path: string): Promise<ReadonlyMap<string, boolean>> =>
    namedFiles([await realpath(path)], left);
  const named = await Promise.all(paths.map((path) => unless(GONE, filesAt(path))));
  const files = new Set(named.flatMap((found) => [...(found?.keys() ?? [])]));
  const there = await Promise.all([...files].map(thereAt));
  return there
    .filter((file) => file !== undefined)
    .sort((one, other) => one.modifiedMs - other.modifiedMs || compareNames(one.path, other.path));
};

/**
 * Shows all files, then what is added to them and to new ones, until it is stopped. A file is known by what it is, not by its
 * name: one that is renamed is not shown again, and another one of its name is.
 *
 *     look   x-----x-----x-----x
 *     shown  a b   c     -     d     every `pause`
 */
export const follow = async ({ paths, left, show, isStopped, pause, now }: FollowOptions): Promise<void> => {
  const tails = new Map<string, Tail>();
  try {
    for (;;) {
      const files = await filesNow(paths, left);
      for (const { path, identity, bytes, modifiedMs } of files) {
        if (isStopped()) return;
        const tail = tails.get(identity) ?? new Tail(path);
        tails.set(identity, tail);
        tail.path = path;
        if (tail.isNew(bytes)) await show(tail, false);
        if (tail.isOpen && now() - modifiedMs > IDLE_MS) await tail.close();
      }
      const there = new Set(files.map(({ identity }) => identity));
      for (const [identity, tail] of tails) {
        if (there.has(identity)) continue;
        if (tail.isOpen) await show(tail, true);
        await tail.close();
        tails.delete(identity);
      }
      if (isStopped()) return;
      await pause();
    }
  } finally {
    await Promise.all([...tails.values()].map((tail) => tail.close()));
  }
};
