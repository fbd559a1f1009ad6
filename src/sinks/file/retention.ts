import { unlink } from 'node:fs/promises';
import type { Env } from '../../model';
import { codeOf, GONE, messageOf, unless } from '../../wire/systemErrors';
import { sortedNames } from './folders';
import type { Names } from './names';
import { openedBy } from './openFile';
import { createFileOrder, findPaths, inspect, type Inspected, type List } from './ownFiles';

/** Keeps the number of files down. */
export interface Retention {
  /** A file of the bucket was made: counts them, soon. */
  readonly made: (bucket: string, root: string) => void;
  /** A file is written to from now on: whatever its time says, it is the newest. */
  readonly opened: (path: string) => void;
  /** Resolves when nothing is under way. */
  readonly done: () => Promise<void>;
}

/** Looks whether a file of a name of ours is ours: a plain file that starts with a frame of this owner. */
const inspectOf = async (path: string, owner: string | undefined): Promise<Inspected | undefined> => {
  const found = await inspect(path);
  return found?.bucket !== undefined && (owner ?? found.bucket) === found.bucket ? found : undefined;
};

/**
 * Deletes the oldest files of an owner beyond `maxFiles`. A name that the template can have made is not enough: the file must
 * start with a frame of the owner. All runs beside the writing, one pass for whatever was made since the last.
 */
export const createRetention = (maxFiles: number, names: Names, env: Env): Retention => {
  const order = createFileOrder();
  const due = new Map<string | undefined, { readonly bucket: string; readonly root: string }>();
  /** What was found to be ours before, so that a pass reads only files that are new to it. */
  const known = new Map<string | undefined, ReadonlyMap<string, Inspected>>();
  let pass: Promise<void> | undefined;

  const ours = async (
    owner: string | undefined,
    paths: readonly string[],
  ): Promise<{ readonly closed: readonly Inspected[]; readonly open: number }> => {
    const before = known.get(owner);
    const found: Inspected[] = [];
    let open = 0;
    for (const path of paths) {
      const opened = openedBy(path);
      const file = opened ? undefined : (before?.get(path) ?? (await inspectOf(path, owner)));
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
    const oldest = [...closed].sort(order.oldestFirst).slice(0, Math.max(0, closed.length + opened - maxFiles));
    const deleted: Inspected[] = [];
    for (const file of oldest) {
      // It may have been replaced since it was looked at.
      if (openedBy(file.path) || !(await inspectOf(file.path, owner))) continue;
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
