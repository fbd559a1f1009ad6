import type { Env } from '../../model';
import { codeOf, messageOf, namelessCodeOf } from '../../wire/systemErrors';

const ADVICE: ReadonlyMap<string, string> = new Map([
  ['ENOSPC', 'make room on its file system, or lower `maxFiles`'],
  ['EDQUOT', 'raise the quota of its user, or lower `maxFiles`'],
  ['EROFS', 'its file system is read-only: see the kernel’s log, then mount it writable again'],
  ['EIO', 'its device fails: see the kernel’s log, and move `path` to another device'],
  ['EACCES', 'let the user of this process write there'],
  ['EPERM', 'let the user of this process write there'],
  ['ENOTDIR', 'move away what stands where a folder is expected'],
  ['EFBIG', 'raise the limit of a file’s size, or lower `sizeRotate`'],
  ['EMFILE', 'raise the limit of open files of this process'],
  ['ENFILE', 'raise the limit of open files of the machine'],
  ['ESTALE', 'its server has forgotten it: mount the file system again'],
]);

/** What happened, and what to do about it. */
export const explain = (error: unknown): string =>
  [
    namelessCodeOf(error),
    messageOf(error).replace(/^(Unknown system error -\d+): \1/, '$1'),
    ADVICE.get(codeOf(error) ?? ''),
  ]
    .filter((text) => text !== undefined)
    .join('; ');

/** Logs errors of a stream's files. */
export const failureLog =
  ({ name, log }: Pick<Env, 'name' | 'log'>) =>
  (message: string, path: string, error: unknown, fields: Readonly<Record<string, unknown>> = {}): void =>
    log.error(message, { stream: name, path, code: codeOf(error), cause: explain(error), ...fields });

/** A name that is taken by what this process cannot append to: a link, a folder, a pipe, somebody else's file. */
export const NOT_OURS: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'EISDIR', 'EACCES', 'EPERM', 'ENXIO', 'ETXTBSY', 'ENODEV'],
]);
