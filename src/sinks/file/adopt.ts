import type { Env } from '../../model';
import { failureLog } from './errors';
import type { Names } from './names';
import { openExisting, type FoundFile, type Member, type OpenFile, type ParkedFile } from './openFile';
import { repair } from './repair';
import { scanFrames } from './scanFrames';

/** What decides whether a file that is there is written to. */
export interface AdoptSettings {
  readonly sizeRotate: number;
  /** Milliseconds. Undefined: a file is never too old. */
  readonly ageRotate: number | undefined;
}

/** Its whole frames after repair; nothing when it is another owner's, or cannot be read or repaired. */
export const repaired = async (
  path: string,
  { handle, size }: FoundFile,
  owner: string | undefined,
  env: Env,
  asideOf = path,
): Promise<number | undefined> => {
  try {
    const scan = await scanFrames(handle, size);
    if (scan.bucket === undefined || (owner ?? scan.bucket) !== scan.bucket) return undefined;
    await repair(handle, path, size, scan, env, asideOf);
    return scan.end;
  } catch (error) {
    failureLog(env)('file: it cannot be repaired and is left as it is', path, error);
    return undefined;
  }
};

/** Opens a file that is there, repaired; nothing when it is not to be written to. */
export type Adopt = (member: Member, bucket: string, parked?: ParkedFile) => Promise<OpenFile | undefined>;

/** @param asideOf the name that what is no frame gets, with `.bad` behind it */
export const createAdopt =
  (
    { sizeRotate, ageRotate = Infinity }: AdoptSettings,
    names: Names,
    env: Env,
    asideOf = (path: string): string => path,
  ): Adopt =>
  (member, bucket, parked) => {
    const owner = names.ownerOf(bucket);
    return openExisting(member, owner, async (found) => {
      const { size, identity, madeMs } = found;
      // The clock may have been put back since.
      const ageMs = size === 0 || madeMs === 0 ? 0 : Math.max(0, env.now() - madeMs);
      if (size >= sizeRotate || ageMs >= ageRotate || (parked && parked.identity !== identity)) return undefined;
      const asLeft = size === 0 || parked?.length === size;
      const length = asLeft ? size : await repaired(member.path, found, owner, env, asideOf(member.path));
      return length === undefined ? undefined : { length, ageMs, placed: parked?.placed ?? false };
    });
  };
