import { open, unlink, type FileHandle } from 'node:fs/promises';
import { asideNames, asideTaken } from '../wire/fileNames';
import { EXISTS, unless } from '../wire/systemErrors';
import type { Fault } from './frameWindows';
import { naming, readAt, syncFolderOf, type PlainFile } from './plainFile';

const CHUNK_BYTES = 1024 * 1024;

/** What was no frame, and where it is now. */
export interface Aside extends Fault {
  readonly path: string;
  readonly bytes: number;
}

const openAside = async (path: string): Promise<{ readonly handle: FileHandle; readonly path: string }> => {
  for (const aside of asideNames(path)) {
    const handle = await unless(EXISTS, open(aside, 'wx'));
    if (handle) return { handle, path: aside };
  }
  throw asideTaken(path);
};

/** Returns how many bytes there were. */
const copyFrom = async (from: FileHandle, start: number, to: FileHandle): Promise<number> => {
  for (let copied = 0; ;) {
    const bytes = await readAt(from, start + copied, CHUNK_BYTES);
    await to.writeFile(bytes);
    copied += bytes.length;
    if (bytes.length < CHUNK_BYTES) return copied;
  }
};

/** Cuts off what is behind `at`, when a copy is on the disk; where that fails there is none. */
const moveTail = async ({ path, handle }: PlainFile, at: number): Promise<Pick<Aside, 'path' | 'bytes'>> => {
  const aside = await openAside(path);
  try {
    const bytes = await copyFrom(handle, at, aside.handle);
    await aside.handle.sync();
    await syncFolderOf(aside.path);
    await handle.truncate(at);
    return { path: aside.path, bytes };
  } catch (error) {
    await unlink(aside.path);
    throw error;
  } finally {
    await aside.handle.close();
  }
};

/** Moves what is no frame, and everything behind it, to `NAME.bad`. */
export const setAside = (file: PlainFile, { at, detail }: Fault): Promise<Aside> =>
  naming(file.path, async () => {
    const { handle } = file;
    const { atime, mtime } = await handle.stat();
    const moved = await moveTail(file, at);
    // Frames of version 1 have no other time of arrival. Only the owner of a file may set it, and nothing is lost without.
    await handle.utimes(atime, mtime).catch(() => undefined);
    // Where the cut does not outlive a power cut it is made once more.
    await handle.datasync().catch(() => undefined);
    return { at, detail, ...moved };
  });
