import type { Env } from '../../../model';
import type { Catalogue } from './catalogue';
import type { Names } from '../names';

/** Keeps the number of files down where none may be deleted: no more are made. */
export interface Room {
  /** Rejects while the bucket has as many files as it may have. */
  readonly check: (bucket: string) => Promise<void>;
  /** Rejects while a bucket that was refused still has as many. */
  readonly probe: () => Promise<void>;
}

/** How often files are counted for buckets that have too many; who sends files on deletes them without a word. */
const RECOUNT_EVERY_MS = 1000;

export const createRoom = (
  { path, maxFiles }: { readonly path: string; readonly maxFiles: number },
  catalogue: Pick<Catalogue, 'countOf' | 'list'>,
  names: Names,
  { now }: Pick<Env, 'now'>,
): Room => {
  /** Buckets that were refused, one for each owner. */
  const refused = new Map<string | undefined, string>();
  let countedMs = -Infinity;

  const recount = async (): Promise<void> => {
    countedMs = now();
    await catalogue.list();
  };

  const hasRoom = async (owner: string | undefined): Promise<boolean> => (await catalogue.countOf(owner)) < maxFiles;

  const errorOf = (owner: string | undefined, bucket: string): Error => {
    const whose = owner === undefined ? '' : ` of the bucket ${JSON.stringify(bucket)}`;
    return new Error(
      `${path}: ${maxFiles} files${whose} wait to be sent on, as many as \`maxFiles\` allows; bring back what they are sent to, or raise \`maxFiles\``,
    );
  };

  return {
    check: async (bucket) => {
      const owner = names.ownerOf(bucket);
      let free = await hasRoom(owner);
      // The clock may have been put back.
      if (!free && Math.abs(now() - countedMs) >= RECOUNT_EVERY_MS) {
        await recount();
        free = await hasRoom(owner);
      }
      if (free) {
        refused.delete(owner);
        return;
      }
      refused.set(owner, bucket);
      throw errorOf(owner, bucket);
    },
    probe: async () => {
      if (refused.size === 0) return;
      await recount();
      for (const [owner, bucket] of refused) {
        if (!(await hasRoom(owner))) throw errorOf(owner, bucket);
        refused.delete(owner);
      }
    },
  };
};
