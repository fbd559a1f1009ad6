import type { Env } from '../../model';
import { createAdopt, type AdoptSettings } from './adopt';
import type { Fsync } from './durability';
import { createAfter, familyOf, latestIn, memberOf } from './families';
import { numberOf, type Names } from './names';
import { closeFile, createFile, type Member, type OpenFile, type ParkedFile } from './openFile';
import type { Retention } from './retention';

/** Opens and closes the files of a sink. */
export interface Opener {
  /**
   * A file for the bucket, small and young enough: one that is there, repaired, or a new one. After `full`, which is to be
   * written to no more, the next number of its family, if the template still gives that name.
   */
  readonly open: (bucket: string, full?: Member) => Promise<OpenFile>;
  /** The same file again; nothing when it is there no more, or has been changed into something else. */
  readonly reopen: (bucket: string, parked: ParkedFile) => Promise<OpenFile | undefined>;
  /** Closes a file that is to be opened again. */
  readonly park: (file: OpenFile) => Promise<void>;
  /** Closes a file that is to be written to no more. */
  readonly leave: (file: OpenFile) => Promise<void>;
  /** Leaves a file that was parked. */
  readonly retire: (bucket: string, parked: ParkedFile) => Promise<void>;
}

/** What decides which file is opened. */
export interface OpenerSettings extends AdoptSettings {
  readonly path: string;
  readonly fsync: Fsync;
}

/** Opens files of the template's names below `path`, never over a link, never what holds another owner's frames, or none. */
export const createOpener = (
  settings: OpenerSettings,
  names: Names,
  env: Env,
  retention: Pick<Retention, 'made' | 'opened'>,
): Opener => {
  const adopt = createAdopt(settings, names, env);

  const open: Opener['open'] = async (bucket, full) => {
    const family = await familyOf(bucket, settings, names);
    const create = (member: Member): Promise<OpenFile | undefined> => createFile(member, names.ownerOf(bucket));
    const told = (file: OpenFile): OpenFile => {
      retention.made(bucket, family.root);
      return file;
    };
    const first = memberOf(family, 0);
    if (full?.family === first.family) return told(await createAfter(family, full.number, create));

    const created = await create(first);
    if (created) return told(created);
    const there = await adopt(first, bucket);
    if (there) return there;
    const latest = await latestIn(family, (name) => numberOf(family.place, name));
    const last = latest > 0 ? await adopt(memberOf(family, latest), bucket) : undefined;
    return last ?? told(await createAfter(family, latest, create));
  };

  const noted = <F extends OpenFile | undefined>(file: F): F => {
    if (file) retention.opened(file.path);
    return file;
  };

  return {
    open: async (bucket, full) => noted(await open(bucket, full)),
    reopen: async (bucket, parked) => noted(await adopt(parked, bucket, parked)),
    park: closeFile,
    leave: closeFile,
    retire: () => Promise.resolve(),
  };
};
