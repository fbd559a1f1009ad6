import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';

const PROC = '/proc';

const linksIn = async (folder: string): Promise<readonly string[]> => {
  // Processes end, and others' are not shown.
  const names = await readdir(folder).catch(() => []);
  return Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => '')));
};

/**
 * Paths that other processes have open, as far as this one may see: a daemon that ends while the next one is there already still
 * writes. Without `/proc` none.
 */
export const openElsewhere = async (): Promise<ReadonlySet<string>> => {
  const own = await readlink(join(PROC, 'self')).catch(() => '');
  const processes = (await readdir(PROC).catch(() => [])).filter((name) => /^\d+$/.test(name) && name !== own);
  const paths = new Set<string>();
  for (const id of processes) {
    for (const path of await linksIn(join(PROC, id, 'fd'))) if (path.startsWith('/')) paths.add(path);
  }
  return paths;
};
