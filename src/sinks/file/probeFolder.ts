import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Finding } from '../../model';
import { GONE, unless } from '../../wire/systemErrors';
import { explain } from './errors';
import { probe } from './probe';

/** The folder itself, or the nearest above it that is there. */
const nearestThere = async (path: string): Promise<string> =>
  (await unless(GONE, stat(path))) ? path : nearestThere(dirname(path));

/** Looks whether files could be written below `path`, with a file that never has a name; makes no folder. */
export const probeFolder = async (path: string): Promise<readonly Finding[]> => {
  const place = `folder ${path}`;
  try {
    const folder = resolve(path);
    const there = await nearestThere(folder);
    if (!(await stat(there)).isDirectory())
      return [{ place, problem: `expected a folder, found that ${there} is none` }];
    await access(there, constants.W_OK | constants.X_OK);
    if (there !== folder) return [{ place, note: `is not there yet: it is made in ${there} by the start` }];
    await probe(folder);
    return [{ place }];
  } catch (error) {
    return [{ place, problem: `cannot be written to: ${explain(error)}` }];
  }
};
