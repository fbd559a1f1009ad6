/** What the error of a system call carries, as sinks and the spool both read it. */
import { constants } from 'node:os';

/** By shape, not by class: errors of another realm (a vm context) are no instances of Error. */
const partOf = (error: unknown, key: 'code' | 'message' | 'errno'): unknown =>
  typeof error === 'object' && error !== null && key in error ? Reflect.get(error, key) : undefined;

const textOf = (error: unknown, key: 'code' | 'message'): string | undefined => {
  const value = partOf(error, key);
  return typeof value === 'string' ? value : undefined;
};

const NAMELESS: ReadonlyMap<unknown, string> = new Map([
  [-constants.errno.EDQUOT, 'EDQUOT'],
  [-constants.errno.ESTALE, 'ESTALE'],
]);

/** The code of an error that Node has no name for: of it Node says `Unknown system error -122`. */
export const namelessCodeOf = (error: unknown): string | undefined => NAMELESS.get(partOf(error, 'errno'));

/** The code of a failed system call, such as `ENOSPC`. */
export const codeOf = (error: unknown): string | undefined => namelessCodeOf(error) ?? textOf(error, 'code');

export const messageOf = (error: unknown): string => textOf(error, 'message') ?? String(error);

/** Whether a system call failed with one of `codes`. */
export const failedWith = (codes: ReadonlySet<string>, error: unknown): boolean => codes.has(codeOf(error) ?? '');

/** `undefined` where the call fails with one of `codes`; other errors stay. */
export const unless = async <A>(codes: ReadonlySet<string>, call: Promise<A>): Promise<A | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (failedWith(codes, error)) return undefined;
    throw error;
  }
};

/** There is something of that name already. */
export const EXISTS: ReadonlySet<string> = new Set(['EEXIST']);
/** No such file. */
export const GONE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR']);
/** No room for more bytes. */
export const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT']);
/**
 * What syncing a folder may fail with: a file system that syncs none, a folder that may not be read, one that was taken away. Nothing
 * can be done there.
 */
export const NO_FOLDER_SYNC: ReadonlySet<string> = new Set([
  ...GONE,
  ...['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EACCES', 'EPERM'],
]);
