import { constants } from 'node:os';
import type { Env } from '../../model';

/** What an error carries. By shape, not by class: errors of another realm (a vm context) are no instances of Error. */
const partOf = (error: unknown, key: 'code' | 'message' | 'errno'): unknown =>
  typeof error === 'object' && error !== null && key in error ? Reflect.get(error, key) : undefined;

const textOf = (error: unknown, key: 'code' | 'message'): string | undefined => {
  const value = partOf(error, key);
  return typeof value === 'string' ? value : undefined;
};

/** Codes that Node has no name for: of them it says `Unknown system error -122`. */
const NAMELESS: ReadonlyMap<unknown, string> = new Map([
  [-constants.errno.EDQUOT, 'EDQUOT'],
  [-constants.errno.ESTALE, 'ESTALE'],
]);

/** The code of a failed system call, such as `ENOSPC`. */
export const codeOf = (error: unknown): string | undefined =>
  NAMELESS.get(partOf(error, 'errno')) ?? textOf(error, 'code');

export const messageOf = (error: unknown): string => textOf(error, 'message') ?? String(error);

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
    NAMELESS.get(partOf(error, 'errno')),
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

/** `undefined` where the call fails with one of `codes`; other errors stay. */
export const unless = async <A>(codes: ReadonlySet<string>, call: Promise<A>): Promise<A | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (codes.has(codeOf(error) ?? '')) return undefined;
    throw error;
  }
};

export const EXISTS: ReadonlySet<string> = new Set(['EEXIST']);
export const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);
/** A name that is taken by what this process cannot append to: a link, a folder, a pipe, somebody else's file. */
export const NOT_OURS: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR', 'ELOOP', 'EMLINK', 'EISDIR', 'EACCES', 'EPERM', 'ENXIO', 'ETXTBSY', 'ENODEV'],
]);
