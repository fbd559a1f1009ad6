import { dirname } from 'node:path';
import type { Env } from '../../../model';
import { repaired } from '../adopt';
import type { Listing, OwnFile } from './catalogue';
import type { Fsync } from '../durability';
import { failureLog } from '../errors';
import type { Names } from '../names';
import { closeFile, openedBy, openExisting, type OpenFile } from '../openFile';
import { openElsewhere } from './openElsewhere';
import { finalName, isThere } from './part';
import type { Opener } from '../opener';
import { repair } from '../repair';
import { scanFrames } from '../scanFrames';
import { syncFile } from '../sync';

/**
 * Closes files that were left open, by an earlier process or since they could not be closed: repaired, synced where files are, under
 * their final names.
 *
 * @param isOwn whether this process has made it: what it holds must be listed, so a failure rejects
 */
export type CloseLeftovers = (
  listing: Pick<Listing, 'parts' | 'headless'>,
  isOwn: (path: string) => boolean,
) => Promise<void>;

export const createCloseLeftovers = (
  { fsync }: { readonly fsync: Fsync },
  names: Names,
  env: Env,
  { leave }: Pick<Opener, 'leave'>,
): CloseLeftovers => {
  const logFailure = failureLog(env);

  /** Opens a part and repairs it; nothing where it is gone, or cannot be repaired and is left. */
  const openPart = (part: OwnFile): Promise<OpenFile | undefined> => {
    const owner = names.ownerOf(part.bucket);
    return openExisting(part, owner, async (found) => {
      const { atime, mtime } = await found.handle.stat();
      const length = await repaired(part.path, found, owner, env, finalName(part.path));
      if (length === undefined) return undefined;
      // Its time says where it stands among others.
      if (length < found.size) await found.handle.utimes(atime, mtime);
      return { length, ageMs: 0, placed: false };
    });
  };

  const closePart = async (part: OwnFile): Promise<boolean> => {
    const file = await openPart(part);
    if (!file) return openedBy(part.path) !== undefined || !(await isThere(part.path));
    try {
      if (fsync !== 'never') await syncFile(file);
    } catch (error) {
      await closeFile(file);
      throw error;
    }
    await leave(file);
    env.log.info('file: what was left open is closed', { stream: env.name, path: part.path, bytes: file.length });
    return true;
  };

  const tryPart = async (part: OwnFile, mustClose: boolean): Promise<void> => {
    try {
      if ((await closePart(part)) || !mustClose) return;
    } catch (error) {
      if (mustClose) throw error;
      logFailure('file: what was left open cannot be closed', part.path, error);
      return;
    }
    throw new Error(`${part.path}: expected a file that can be repaired and closed; see the log`);
  };

  /** A part that does not even say whose it is: what is in it is moved aside, and it goes. */
  const clear = async (path: string): Promise<void> => {
    const member = { path, family: path, number: 0, root: dirname(path) };
    const file = await openExisting(member, undefined, async ({ handle, size }) => {
      const scan = await scanFrames(handle, size);
      if (scan.bucket !== undefined) return undefined;
      await repair(handle, path, size, scan, env, finalName(path));
      return { length: 0, ageMs: 0, placed: false };
    });
    if (file) await leave(file);
  };

  return async ({ parts, headless }, isOwn) => {
    if (parts.length + headless.length === 0) return;
    const elsewhere = await openElsewhere();
    for (const part of parts) if (!elsewhere.has(part.path)) await tryPart(part, isOwn(part.path));
    for (const path of headless) {
      if (elsewhere.has(path)) continue;
      await clear(path).catch((error: unknown) => logFailure('file: what was left open cannot be closed', path, error));
    }
  };
};
