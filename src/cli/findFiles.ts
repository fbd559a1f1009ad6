import { readdir, realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as E from 'fp-ts/Either';
import { inspectFile, type Inspected } from '../spool/inspectFile';
import { compareNames } from '../wire/fileNames';
import { GONE, messageOf, unless } from '../wire/systemErrors';

/** What is there to be sent, and what only looked so. */
export interface Found {
  /** The oldest first. */
  readonly files: readonly Inspected[];
  /** Files in the folders that do not start with a frame. */
  readonly skipped: readonly Inspected[];
  /** Named files that do not start with a frame. */
  readonly foreign: readonly Inspected[];
}

/** Says that a file of a folder is left out. */
export const skippedLine = ({ path, foreign = '' }: Inspected): string =>
  `${path}: skipped, it starts with no message: ${foreign}`;

/** Says that a named file is none of frames. */
export const foreignLine = ({ path, foreign = '' }: Inspected): string =>
  `${path}: expected a file that starts with a message, found ${foreign}`;

/** Says that a file was sent on, and deleted, by somebody else since it was found. */
export const goneLine = (path: string): string => `${path}: is gone meanwhile`;

/** Still written to, beside a file, or set aside: sent only where it is named itself. */
const NOT_IN_FOLDERS = /[.](?:part|progress|dead|bad(?:-\d+)?)$/;

/** Files below a folder whose names `left` does not match. Links are not followed. */
const filesBelow = async (folder: string, left: RegExp): Promise<readonly string[]> => {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !left.test(entry.name));
  const folders = entries.filter((entry) => entry.isDirectory());
  const below = await Promise.all(folders.map(({ name }) => filesBelow(join(folder, name), left)));
  return [...files.map(({ name }) => join(folder, name)), ...below.flat()];
};

const oldestFirst = (one: Inspected, other: Inspected): number =>
  one.modifiedMs - other.modifiedMs || compareNames(one.path, other.path);

/** The folder that a path leads to, over links too; nothing where it is no folder. */
const folderAt = async (path: string): Promise<string | undefined> =>
  (await stat(path)).isDirectory() ? realpath(path) : undefined;

/**
 * All files that `paths` name, and whether each is named itself. Rejects with the error of a path that cannot be read.
 *
 * @param left names that are left out of folders
 */
export const namedFiles = async (paths: readonly string[], left: RegExp): Promise<ReadonlyMap<string, boolean>> => {
  const isNamed = new Map<string, boolean>();
  for (const path of paths) {
    const folder = await folderAt(path);
    for (const file of folder === undefined ? [resolve(path)] : await filesBelow(folder, left))
      isNamed.set(file, folder === undefined || isNamed.get(file) === true);
  }
  return isNamed;
};

/**
 * All files of frames that `paths` name; left: what is wrong with the first path that cannot be read. Changes nothing.
 *
 * @param left names that are left out of folders
 */
export const findFiles = async (
  paths: readonly string[],
  left: RegExp = NOT_IN_FOLDERS,
): Promise<E.Either<string, Found>> => {
  try {
    const files: Inspected[] = [];
    const skipped: Inspected[] = [];
    const foreign: Inspected[] = [];
    for (const [path, named] of await namedFiles(paths, left)) {
      const file = named ? await inspectFile(path) : await unless(GONE, inspectFile(path));
      // Who else sends it on has deleted it meanwhile.
      if (!file) continue;
      (file.foreign === undefined ? files : named ? foreign : skipped).push(file);
    }
    return E.right({ files: files.sort(oldestFirst), skipped, foreign });
  } catch (error) {
    return E.left(`expected files and folders that can be read, got ${messageOf(error)}`);
  }
};
