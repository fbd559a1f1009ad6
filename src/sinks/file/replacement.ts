import { cutBack } from './append';
import type { BucketFileParts } from './bucketFileParts';
import { explain, failureLog } from './errors';
import type { OpenFile } from './openFile';
import { rescue } from './rescue';

/** What an owner's bytes go to after a failed sync. */
export interface Replaced {
  /** Undefined: there is no other either. */
  readonly file: OpenFile | undefined;
  /** Where there is none: the next one comes after this. */
  readonly full: OpenFile | undefined;
}

/**
 * After a failed sync the file is not trusted any more, and what was acknowledged in it since the last goes to another. Never
 * rejects.
 *
 * @param leave closes a file that is not written to again; never rejects
 */
export const createReplacement =
  (
    bucket: string,
    { opener, attempted, env }: Pick<BucketFileParts, 'opener' | 'attempted' | 'env'>,
    leave: (left: OpenFile) => Promise<void>,
  ) =>
  async (old: OpenFile, error: unknown): Promise<Replaced> => {
    const bytes = old.length - old.synced;
    const logFailure = failureLog(env);
    logFailure('file: syncing failed; what it holds since the last sync is written to another', old.path, error, {
      bytes,
    });
    const mayBeTwice = (path: string): void =>
      env.log.warn('file: messages may be twice', { stream: env.name, path, bytes });
    let file: OpenFile | undefined;
    let full: OpenFile | undefined;
    let before = 0;
    try {
      file = await opener.open(bucket, old);
      before = file.length;
      await rescue(old, file);
      attempted();
      if (!(await cutBack(old.handle, old.length, old.synced))) mayBeTwice(old.path);
    } catch (again) {
      logFailure('file: that failed as well', file?.path ?? old.path, again);
      attempted(`${old.path}: ${explain(again)}`);
      if (file && file.length > before) mayBeTwice(file.path);
      if (file) await leave(file);
      full = file ?? old;
      file = undefined;
      env.log.error('file: acknowledged bytes may not outlive a power cut', {
        stream: env.name,
        path: old.path,
        bytes,
      });
    }
    await leave(old);
    return { file, full };
  };
