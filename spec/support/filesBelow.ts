import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Paths of all files below a folder, the oldest first, by their birth or their last change; those of one time by name. */
export const filesBelow = async (folder: string, by: 'birthtimeNs' | 'mtimeNs'): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = await Promise.all(paths.map(async (path) => ({ path, at: (await stat(path, { bigint: true }))[by] })));
  return files.sort((a, b) => Number(a.at - b.at) || (a.path < b.path ? -1 : 1)).map(({ path }) => path);
};
