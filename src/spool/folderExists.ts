import { stat } from 'node:fs/promises';
import { GONE, unless } from '../wire/systemErrors';

/** Whether there is such a folder. */
export const folderExists = async (path: string): Promise<boolean> =>
  (await unless(GONE, stat(path)))?.isDirectory() ?? false;
