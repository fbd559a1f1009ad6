import { open, unlink, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Env } from '../../model';
import { asideNames, asideTaken } from '../../wire/fileNames';
import { EXISTS, unless } from '../../wire/systemErrors';
import type { Scan } from './scanFrames';
import { syncFolder } from './sync';

const CHUNK_BYTES = 1024 * 1024;

const openAside = async (path: string): Promise<{ readonly handle: FileHandle; readonly path: string }> => {
  for (const aside of asideNames(path)) {
    const handle = await unless(EXISTS, open(aside, 'wx'));
    if (handle) return { handle, path: aside };
  }
  throw asideTaken(path);
};

const copyTail = async (from: FileHandle, to: FileHandle, start: number, end: number): Promise<void> => {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, end - start));
  for (let at = start; at < end;) {
    const { bytesRead } = await from.read(chunk, 0, Math.min(chunk.length, end - at), at);
    if (bytesRead === 0) return;
    await to.writeFile(chunk.subarray(0, bytesRead));
    at += bytesRead;
  }
};

/** Cuts off what is behind `start`, when a copy is on the disk, whose path it returns; where that fails there is none. */
const moveTail = async (handle: FileHandle, start: number, end: number, asideOf: string): Promise<string> => {
  const aside = await openAside(asideOf);
  try {
    await copyTail(handle, aside.handle, start, end);
    await aside.handle.sync();
    await syncFolder(dirname(aside.path));
    await handle.truncate(start);
    return aside.path;
  } catch (error) {
    await unlink(aside.path);
    throw error;
  } finally {
    await aside.handle.close();
  }
};

/**
 * Leaves whole frames only: a torn tail is cut off, what is no frame is moved aside with everything behind it, to a file named after
 * `asideOf`.
 */
export const repair = async (
  handle: FileHandle,
  path: string,
  size: number,
  { end, tail }: Scan,
  env: Env,
  asideOf = path,
): Promise<void> => {
  if (tail === 'none') return;
  const fields = { stream: env.name, path, at: end, bytes: size - end };
  if (tail === 'foreign') {
    const aside = await moveTail(handle, end, size, asideOf);
    env.log.warn('file: what was no frame is moved aside', { ...fields, aside });
  } else {
    await handle.truncate(end);
    env.log.warn('file: a torn frame at the end is cut off', fields);
  }
};
