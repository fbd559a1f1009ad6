import { join } from 'node:path';
import type { Env } from '../../model';
import type { Fsync } from './durability';
import { failureLog } from './errors';
import { makeFolders, makeRoot, sortedNames } from './folders';
import { fileName, numberOf, type Names, type Place } from './names';
import { createFile, openExisting, type FoundFile, type Member, type OpenFile, type ParkedFile } from './openFile';
import { repair } from './repair';
import type { Retention } from './retention';
import { scanFrames } from './scanFrames';

export interface Opener {
  /**
   * A file for the bucket, small and young enough: one that is there, repaired, or a new one. After `full`, which is to be
   * written to no more, the next number of its family, if the template still gives that name.
   */
  readonly open: (bucket: string, full?: Member) => Promise<OpenFile>;
  /** The same file again; nothing when it is there no more, or has been changed into something else. */
  readonly reopen: (bucket: string, parked: ParkedFile) => Promise<OpenFile | undefined>;
}

/** Others may be making names at the same time; so many in a row means that something else is wrong. */
const MOST_TRIES = 1000;

/** What decides which file is opened. */
export interface OpenerSettings {
  readonly path: string;
  readonly sizeRotate: number;
  /** Milliseconds. Undefined: a file is never too old. */
  readonly ageRotate: number | undefined;
  readonly fsync: Fsync;
}

interface Family {
  readonly root: string;
  readonly folder: string;
  readonly place: Place;
}

const memberOf = ({ root, folder, place }: Family, number: number): Member => ({
  path: join(folder, fileName(place, number)),
  family: join(folder, place.stem),
  number,
  root,
});

/** Opens files of the template's names below `path`, never over a link, never what holds another owner's frames, or none. */
export const createOpener = (
  { path, sizeRotate, ageRotate = Infinity, fsync }: OpenerSettings,
  names: Names,
  env: Env,
  retention: Pick<Retention, 'made' | 'opened'>,
): Opener => {
  /** Its whole frames after repair; nothing when it is another owner's, or cannot be read or repaired. */
  const repaired = async (path: string, { handle, size }: FoundFile, bucket: string): Promise<number | undefined> => {
    const owner = names.ownerOf(bucket);
    try {
      const scan = await scanFrames(handle, size);
      if (scan.bucket === undefined || (owner ?? scan.bucket) !== scan.bucket) return undefined;
      await repair(handle, path, size, scan, env);
      return scan.end;
    } catch (error) {
      failureLog(env)('file: it cannot be repaired and is left as it is', path, error);
      return undefined;
    }
  };

  const adopt = (member: Member, bucket: string, parked?: ParkedFile): Promise<OpenFile | undefined> =>
    openExisting(member, names.ownerOf(bucket), async (found) => {
      const { size, identity, madeMs } = found;
      // The clock may have been put back since.
      const ageMs = size === 0 || madeMs === 0 ? 0 : Math.max(0, env.now() - madeMs);
      if (size >= sizeRotate || ageMs >= ageRotate || (parked && parked.identity !== identity)) return undefined;
      const asLeft = size === 0 || parked?.length === size;
      const length = asLeft ? size : await repaired(member.path, found, bucket);
      return length === undefined ? undefined : { length, ageMs, placed: parked?.placed ?? false };
    });

  const latestIn = async ({ folder, place }: Family): Promise<number> =>
    (await sortedNames(folder)).reduce((most, name) => Math.max(most, numberOf(place, name) ?? 0), 0);

  const createAfter = async (family: Family, last: number, bucket: string): Promise<OpenFile> => {
    for (let number = last + 1; number <= last + MOST_TRIES; number += 1) {
      const file = await createFile(memberOf(family, number), names.ownerOf(bucket));
      if (file) return file;
    }
    throw new Error(`${memberOf(family, last).path}: ${MOST_TRIES} names after it are taken`);
  };

  const open: Opener['open'] = async (bucket, full) => {
    const root = await makeRoot(path, fsync !== 'never');
    const place = names.place(bucket);
    const family = { root, place, folder: await makeFolders(root, place.folders) };
    const told = (file: OpenFile): OpenFile => {
      retention.made(bucket, root);
      return file;
    };
    const first = memberOf(family, 0);
    if (full?.family === first.family) return told(await createAfter(family, full.number, bucket));

    const created = await createFile(first, names.ownerOf(bucket));
    if (created) return told(created);
    const there = await adopt(first, bucket);
    if (there) return there;
    const latest = await latestIn(family);
    const last = latest > 0 ? await adopt(memberOf(family, latest), bucket) : undefined;
    return last ?? told(await createAfter(family, latest, bucket));
  };

  const noted = <F extends OpenFile | undefined>(file: F): F => {
    if (file) retention.opened(file.path);
    return file;
  };

  return {
    open: async (bucket, full) => noted(await open(bucket, full)),
    reopen: async (bucket, parked) => noted(await adopt(parked, bucket, parked)),
  };
};
