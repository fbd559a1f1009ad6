/** A text that an error carries. By shape, not by class: errors of another realm (a vm context) are no instances of Error. */
const textOf = (error: unknown, key: 'code' | 'message'): string | undefined => {
  if (typeof error !== 'object' || error === null || !(key in error)) return undefined;
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : undefined;
};

/** The code of a failed system call, such as `ENOSPC`. */
export const codeOf = (error: unknown): string | undefined => textOf(error, 'code');

export const messageOf = (error: unknown): string => textOf(error, 'message') ?? String(error);

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
