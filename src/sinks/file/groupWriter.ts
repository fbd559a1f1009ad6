import { append, cutBack, type Appended } from './append';
import type { BucketFileParts } from './bucketFileParts';
import type { CurrentFile } from './currentFile';
import { explain, failureLog } from './errors';
import type { OpenFile } from './openFile';
import { failAll, type Entry, type EntryQueue } from './queue';
import { syncFile } from './sync';

/** More would make one call long, and giving up slow. */
const MOST_BYTES_A_CALL = 4 * 1024 * 1024;

const lengthOf = (buffers: readonly Buffer[]): number => buffers.reduce((sum, { length }) => sum + length, 0);

/** How many of the batches lie whole in the first `bytes`, and where the last of those ends. */
const wholeIn = (
  batches: readonly (readonly Buffer[])[],
  bytes: number,
): { readonly howMany: number; readonly end: number } => {
  let end = 0;
  for (const [howMany, buffers] of batches.entries()) {
    const length = lengthOf(buffers);
    if (end + length > bytes) return { howMany, end };
    end += length;
  }
  return { howMany: batches.length, end };
};

/**
 * Writes as many queued entries as go into one call to a file, and ends each of them; those whose file was deleted meanwhile wait
 * again.
 */
export const createGroupWriter = (
  queue: EntryQueue,
  current: CurrentFile,
  { settings, form, attempted, env }: BucketFileParts,
): ((to: OpenFile) => Promise<void>) => {
  const { sizeRotate, fsync } = settings;
  const logFailure = failureLog(env);

  /** Whether all that was written is where it can be found. False: the file was deleted. Rejects where that is not known. */
  const confirm = async (to: OpenFile): Promise<boolean> => {
    if (fsync === 'batch') await syncFile(to);
    return (await to.handle.stat()).nlink > 0;
  };

  /** Ends entries that lie in the file from `from` on. */
  const acknowledge = async (to: OpenFile, group: readonly Entry[], from: number): Promise<void> => {
    if (group.length === 0) return;
    try {
      if (await confirm(to)) {
        attempted();
        for (const entry of group) entry.succeed();
        return;
      }
      env.log.warn('file: it was deleted while open; a new one is made', { stream: env.name, path: to.path });
      queue.putBack(group);
      await current.shut('any');
    } catch (error) {
      const cut = await cutBack(to.handle, to.length, from);
      if (cut) to.length = from;
      to.synced = Math.min(to.synced, from);
      logFailure('file: what was written cannot be made sure', to.path, error, { cutBack: cut });
      await current.shut('after');
      const cause = `${to.path}: ${explain(error)}`;
      attempted(cause);
      failAll(group, cause, 'unknown');
    }
  };

  /** Batches that lie there whole stay; the one that was broken off is cut away. */
  const settleBroken = async (
    to: OpenFile,
    group: readonly Entry[],
    batches: readonly (readonly Buffer[])[],
    { bytes, error }: Appended,
  ): Promise<void> => {
    const from = to.length;
    const { howMany, end } = wholeIn(batches, bytes);
    const cut = await cutBack(to.handle, from + bytes, from + end);
    to.length = from + end;
    const cause = `${to.path}: ${explain(error)}`;
    logFailure('file: writing failed', to.path, error, { cutBack: cut });
    const [broken, ...rest] = group.slice(howMany);
    await acknowledge(to, group.slice(0, howMany), from);
    await current.shut(cut ? 'same' : 'after');
    attempted(cause);
    if (broken) failAll([broken], cause, cut ? 'no' : 'unknown');
    failAll(rest, cause, 'no');
  };

  return async (to) => {
    const group = queue.take(Math.min(sizeRotate - to.length, MOST_BYTES_A_CALL));
    if (group.length === 0) return;
    for (const { batch } of group) current.touch(batch.bucket);
    const batches = group.map(({ batch }) => form.buffersOf(batch));
    const appended = await append(to.handle, batches.flat());
    if (appended.error !== undefined) {
      await settleBroken(to, group, batches, appended);
      return;
    }
    const from = to.length;
    to.length += appended.bytes;
    await acknowledge(to, group, from);
  };
};
