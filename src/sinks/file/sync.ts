import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NO_FOLDER_SYNC, unless } from '../../wire/systemErrors';
import type { OpenFile } from './openFile';

/** Makes the names in a folder outlive a power cut. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await unless(NO_FOLDER_SYNC, open(folder, constants.O_RDONLY | constants.O_DIRECTORY));
  if (!handle) return;
  try {
    await unless(NO_FOLDER_SYNC, handle.sync());
  } finally {
    await handle.close();
  }
};

/** From the folder of a path up to `root`, which is among them. */
export const foldersUpTo = (root: string, path: string): readonly string[] => {
  const folder = dirname(path);
  return folder === root || folder === path ? [folder] : [folder, ...foldersUpTo(root, folder)];
};

/** Makes what the file holds outlive a power cut; the first time its name as well. After a failure it is not to be used again. */
export const syncFile = async (file: OpenFile): Promise<void> => {
  const end = file.length;
  // The times of a file need not be safe; its length, which is, would be lost without its bytes.
  await file.handle.datasync();
  if (!file.placed) for (const folder of foldersUpTo(file.root, file.path)) await syncFolder(folder);
  file.placed = true;
  file.synced = end;
};
