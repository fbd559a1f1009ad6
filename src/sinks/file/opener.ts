import { join } from 'node:path';
import type { Env } from '../../model';
import { makeFolders, makeRoot, sortedNames } from './folders';
import { fileName, numberOf, type Names, type Place } from './names';
import { createFile, openExisting, type Member, type OpenFile, type ParkedFile } from './openFile';
import { repair } from './repair';
import { scanFrames } from './scanFrames';

export interface Opener {
  /**
   * A file for the bucket, below `sizeRotate`: one that is there, repaired, or a new one. After `full`, which has reached its
   * size, the next number of its family, if the template still gives that name.
   */
  readonly open: (bucket: string, full?: Member) => Promise<OpenFile>;
  /** The same file again; nothing when it is there no more, or has been changed into something else. */
  readonly reopen: (bucket: string, parked: ParkedFile) => Promise<OpenFile | undefined>;
}

/** Others may be making names at the same time; so many in a row means that something else is wrong. */
const MOST_TRIES = 1000;

const memberOf = (folder: string, place: Place, number: number): Member => ({
  path: join(folder, fileName(place, number)),
  family: join(folder, place.stem),
  number,
});

/** Opens files of the template's names below `path`, never over a link, never what holds another owner's frames, or none. */
export const createOpener = (
  { path, sizeRotate }: { readonly path: string; readonly sizeRotate: number },
  names: Names,
  env: Env,
  made: (bucket: string, root: string) => void,
): Opener => {
  const adopt = (member: Member, bucket: string, parked?: ParkedFile): Promise<OpenFile | undefined> => {
    const owner = names.ownerOf(bucket);
    return openExisting(member, owner, async (handle, size, identity) => {
      if (size >= sizeRotate || (parked && parked.identity !== identity)) return undefined;
      if (size === 0 || parked?.length === size) return size;
      const scan = await scanFrames(handle, size);
      if (scan.bucket === undefined || (owner ?? scan.bucket) !== scan.bucket) return undefined;
      await repair(handle, member.path, size, scan, env);
      return scan.end;
    });
  };

  const latestIn = async (folder: string, place: Place): Promise<number> =>
    (await sortedNames(folder)).reduce((most, name) => Math.max(most, numberOf(place, name) ?? 0), 0);

  const createAfter = async (folder: string, place: Place, last: number, bucket: string): Promise<OpenFile> => {
    for (let number = last + 1; number <= last + MOST_TRIES; number += 1) {
      const file = await createFile(memberOf(folder, place, number), names.ownerOf(bucket));
      if (file) return file;
    }
    throw new Error(`${join(folder, fileName(place, last))}: ${MOST_TRIES} names after it are taken`);
  };

  return {
    async open(bucket, full) {
      const root = await makeRoot(path);
      const place = names.place(bucket);
      const folder = await makeFolders(root, place.folders);
      const told = (file: OpenFile): OpenFile => {
        made(bucket, root);
        return file;
      };
      const first = memberOf(folder, place, 0);
      if (full?.family === first.family) return told(await createAfter(folder, place, full.number, bucket));

      const created = await createFile(first, names.ownerOf(bucket));
      if (created) return told(created);
      const there = await adopt(first, bucket);
      if (there) return there;
      const latest = await latestIn(folder, place);
      const last = latest > 0 ? await adopt(memberOf(folder, place, latest), bucket) : undefined;
      return last ?? told(await createAfter(folder, place, latest, bucket));
    },
    reopen: (bucket, parked) => adopt(parked, bucket, parked),
  };
};
