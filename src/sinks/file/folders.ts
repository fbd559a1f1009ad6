import { lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EXISTS, GONE, unless } from '../../wire/systemErrors';
import { foldersUpTo, syncFolder } from './sync';

/** The real place of `path`, which is made where it is missing. The path that the user gave may lead over links. */
export const makeRoot = async (path: string, synced = false): Promise<string> => {
  const made = await mkdir(path, { recursive: true });
  const root = await realpath(path);
  if (made !== undefined && synced) {
    for (const folder of foldersUpTo(dirname(await realpath(made)), root)) await syncFolder(folder);
  }
  return root;
};

/** Makes folders below `root` step by step, so that no link on the way leads out of it. */
export const makeFolders = async (root: string, folders: readonly string[]): Promise<string> => {
  let folder = root;
  for (const name of folders) {
    folder = join(folder, name);
    await unless(EXISTS, mkdir(folder));
    if (!(await lstat(folder)).isDirectory()) throw new Error(`${folder}: expected a folder, found something else`);
  }
  return folder;
};

/** The names in a folder, sorted by their UTF-16 codes; none where it is missing, or no folder, or behind a link. */
export const sortedNames = async (folder: string): Promise<readonly string[]> => {
  const real = await unless(GONE, realpath(folder));
  return real === folder ? ((await unless(GONE, readdir(folder))) ?? []).sort() : [];
};
