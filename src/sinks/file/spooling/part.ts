import { lstat, rename, unlink } from 'node:fs/promises';
import { GONE, unless } from '../../../wire/systemErrors';
import { MOST_TRIES } from '../families';
import { identityOf, releasePath, takePath, type ParkedFile } from '../openFile';

/** Stands behind the name of a file that is to be sent on, until it is closed. */
export const PART = '.part';

export const isPart = (path: string): boolean => path.endsWith(PART);

/** The name that a file has once it is closed. */
export const finalName = (path: string): string => (isPart(path) ? path.slice(0, -PART.length) : path);

/** Whether something has that name, whatever it is. */
export const isThere = async (path: string): Promise<boolean> => (await unless(GONE, lstat(path))) !== undefined;

/** The path, and what it is taken by until it has been released. */
const takeFinal = async (file: Pick<ParkedFile, 'path' | 'family' | 'number'>): Promise<string> => {
  const own = finalName(file.path);
  const extension = own.slice(file.family.length + (file.number === 0 ? 0 : `-${file.number}`.length));
  for (let number = file.number; number <= file.number + MOST_TRIES; number += 1) {
    const path = number === file.number ? own : `${file.family}-${number}${extension}`;
    if (!takePath(path, undefined)) continue;
    if (!(await isThere(path)) && (path === own || !(await isThere(path + PART)))) return path;
    releasePath(path);
  }
  throw new Error(`${own}: it and ${MOST_TRIES} names after it are taken`);
};

/**
 * Gives a closed file the name under which it is sent on, or the next that is free; an empty one is deleted. Nothing: so it was, or
 * its path leads to it no more.
 *
 * @param bytes how many it should have, where it is not open: what took its place may have got its inode
 */
export const giveFinalName = async (
  file: Pick<ParkedFile, 'path' | 'family' | 'number' | 'identity'>,
  bytes?: number,
): Promise<string | undefined> => {
  const there = await unless(GONE, lstat(file.path, { bigint: true }));
  if (!there || identityOf(there) !== file.identity || Number(there.size) !== (bytes ?? Number(there.size)))
    return undefined;
  if (there.size === 0n) {
    await unless(GONE, unlink(file.path));
    return undefined;
  }
  const final = await takeFinal(file);
  try {
    await rename(file.path, final);
    return final;
  } finally {
    releasePath(final);
  }
};
