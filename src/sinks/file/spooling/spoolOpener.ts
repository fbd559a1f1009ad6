import { dirname } from 'node:path';
import type { Env } from '../../../model';
import { createAdopt } from '../adopt';
import type { Catalogue } from './catalogue';
import { failureLog } from '../errors';
import { createAfter, familyOf, latestIn, memberOf } from '../families';
import { numberOf, type Names } from '../names';
import { createFile, releasePath, takePath, type Member, type OpenFile, type ParkedFile } from '../openFile';
import type { Opener, OpenerSettings } from '../opener';
import type { FileOrder } from '../ownFiles';
import { finalName, giveFinalName, isThere, PART } from './part';
import type { Room } from './room';
import { syncFolder } from '../sync';

/**
 * Opens files that are to be sent on: always new ones, named `NAME.part` until they are closed. A parked file keeps its path, so
 * that nobody else touches it.
 */
export const createSpoolOpener = (
  settings: OpenerSettings,
  names: Names,
  env: Env,
  { order, catalogue, room }: { readonly order: FileOrder; readonly catalogue: Catalogue; readonly room: Room },
): Opener => {
  const adopt = createAdopt(settings, names, env, finalName);
  /** Paths of parked files, which stay taken. */
  const held = new Set<string>();

  const create = async ({ path, ...member }: Member, bucket: string): Promise<OpenFile | undefined> => {
    if (await isThere(path)) return undefined;
    const owner = names.ownerOf(bucket);
    const file = await createFile({ ...member, path: path + PART }, owner);
    if (!file) return undefined;
    order.opened(file.path);
    catalogue.made(file.path, owner);
    return file;
  };

  /** Gives a file whose path is taken its final name, and releases the path. */
  const seal = async (file: Omit<ParkedFile, 'length' | 'placed'>, bytes?: number): Promise<void> => {
    try {
      const path = await giveFinalName(file, bytes);
      if (path === undefined) {
        order.forget(file.path);
        return;
      }
      order.renamed(file.path, path);
      catalogue.changed(path);
      if (settings.fsync !== 'never') await syncFolder(dirname(path));
    } finally {
      releasePath(file.path);
    }
  };

  return {
    open: async (bucket, full) => {
      await room.check(bucket);
      const family = await familyOf(bucket, settings, names);
      const createMember = (member: Member): Promise<OpenFile | undefined> => create(member, bucket);
      const first = memberOf(family, 0);
      if (full?.family === first.family) return createAfter(family, full.number, createMember);
      const created = await createMember(first);
      if (created) return created;
      const { place } = family;
      const latest = await latestIn(family, (name) => numberOf(place, name) ?? numberOf(place, finalName(name)));
      return createAfter(family, latest, createMember);
    },
    reopen: (bucket, parked) => {
      if (held.delete(parked.path)) releasePath(parked.path);
      return adopt(parked, bucket, parked);
    },
    park: ({ handle, path }) => {
      held.add(path);
      return handle.close();
    },
    leave: async (file) => {
      try {
        // While it is open nothing else can get its inode.
        await seal(file);
      } finally {
        await file.handle.close();
      }
    },
    retire: async (bucket, parked) => {
      // Where it was tried to open it again, the path is free, or somebody else closes it.
      if (!held.delete(parked.path) && !takePath(parked.path, names.ownerOf(bucket))) return;
      try {
        await seal(parked, parked.length);
      } catch (error) {
        failureLog(env)('file: closing failed', parked.path, error);
      }
    },
  };
};
