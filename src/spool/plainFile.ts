import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { codeOf, GONE, messageOf, NO_FOLDER_SYNC, unless } from '../wire/systemErrors';

/** What went wrong with a file on disk; the message names it. */
export class SpoolError extends Error {
  override readonly name: string = 'SpoolError';
  /** The code of the system call, such as `ENOSPC`. */
  readonly code: string | undefined;
  constructor(path: string, cause: unknown) {
    const message = messageOf(cause);
    super(message.includes(path) ? message : `${path}: ${message}`, { cause });
    this.code = codeOf(cause);
  }
}

/** Makes what a call on an open file rejects with name the file: Node names only what it opens. */
export const naming = async <A>(path: string, call: () => Promise<A>): Promise<A> => {
  try {
    return await call();
  } catch (error) {
    throw error instanceof SpoolError ? error : new SpoolError(path, error);
  }
};

/** An open file, as it was when it was opened. */
export interface PlainFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Device, inode and time of birth: a later file of the same name has another one. */
  readonly identity: string;
}

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

export const identityOf = (stat: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly birthtimeNs: bigint;
}): string => `${stat.dev}:${stat.ino}:${stat.birthtimeNs}`;

/** Opens a plain file, never over a link; without O_NONBLOCK a pipe of that name would hold up a thread. */
export const openPlainFile = (path: string, use: 'read' | 'change'): Promise<PlainFile> =>
  naming(path, async () => {
    const handle = await open(path, (use === 'read' ? O_RDONLY : O_RDWR) | O_NOFOLLOW | O_NONBLOCK);
    try {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile()) throw new Error('expected a plain file, found something else');
      const modifiedMs = Math.round(Number(stat.mtimeNs) / 1e6);
      return { path, handle, size: Number(stat.size), modifiedMs, identity: identityOf(stat) };
    } catch (error) {
      await handle.close();
      throw error;
    }
  });

/** Whether the path leads to that very file still. */
export const isStillThere = async ({ path, identity }: PlainFile): Promise<boolean> => {
  const stat = await unless(GONE, lstat(path, { bigint: true }));
  return stat !== undefined && identityOf(stat) === identity;
};

/** Makes the names beside a path, and that they are gone, outlive a power cut. */
export const syncFolderOf = async (path: string): Promise<void> => {
  const handle = await unless(NO_FOLDER_SYNC, open(dirname(path), O_RDONLY | O_DIRECTORY));
  if (!handle) return;
  try {
    await unless(NO_FOLDER_SYNC, handle.sync());
  } finally {
    await handle.close();
  }
};

/** Reads `length` bytes from `at`, fewer where the file ends before. */
export const readAt = async (handle: FileHandle, at: number, length: number): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, at + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
};
