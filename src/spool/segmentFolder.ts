import { mkdir, rmdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Task } from 'fp-ts/Task';
import { EXISTS, unless } from '../wire/systemErrors';
import { JournalSegment, segmentName, type SegmentTroubles } from './journalSegment';
import { syncFolderOf } from './plainFile';
import { thisProcess, type ProcessIdentity } from './processes';

export interface SegmentFolderOptions {
  readonly folder: string;
  /** Called before the folder is made. */
  readonly claim?: Task<void>;
  /** Whose the segments are. Default: this process. */
  readonly owner?: () => Promise<ProcessIdentity | undefined>;
}

/** Where segments lie. */
export interface SegmentFolder {
  /** A segment of a name that no other has; the first makes the folder. */
  readonly create: (troubles: SegmentTroubles) => Promise<JournalSegment>;
  /** It stays where something is in it. */
  readonly remove: Task<void>;
}

export const createSegmentFolder = ({
  folder: given,
  claim,
  owner = thisProcess,
}: SegmentFolderOptions): SegmentFolder => {
  const folder = resolve(given);
  let numbers = 0;
  return {
    create: async (troubles) => {
      if (numbers === 0) await claim?.();
      const made = await mkdir(folder, { recursive: true });
      if (made !== undefined) for (let at = folder; at.length >= made.length; at = dirname(at)) await syncFolderOf(at);
      const own = await owner();
      for (;;) {
        numbers += 1;
        const segment = await unless(EXISTS, JournalSegment.create(folder, segmentName(own, numbers), troubles));
        if (segment) return segment;
      }
    },
    remove: () => rmdir(folder).catch(() => undefined),
  };
};
