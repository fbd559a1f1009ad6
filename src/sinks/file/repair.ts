import { open, type FileHandle } from 'node:fs/promises';
import type { Env } from '../../model';
import { EXISTS, unless } from './errors';
import type { Scan } from './scanFrames';

const CHUNK_BYTES = 1024 * 1024;
const MOST_ASIDE = 99;

const openAside = async (path: string): Promise<{ readonly handle: FileHandle; readonly path: string }> => {
  for (let number = 0; number <= MOST_ASIDE; number += 1) {
    const aside = number === 0 ? `${path}.bad` : `${path}.bad-${number}`;
    const handle = await unless(EXISTS, open(aside, 'wx'));
    if (handle) return { handle, path: aside };
  }
  throw new Error(`${path}: ${MOST_ASIDE + 1} files were moved aside before; look at them and remove them`);
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

/** Leaves whole frames only: a torn tail is cut off, what is no frame is moved aside with everything behind it. */
export const repair = async (
  handle: FileHandle,
  path: string,
  size: number,
  { end, tail }: Scan,
  env: Env,
): Promise<void> => {
  if (tail === 'none') return;
  const fields = { stream: env.name, path, at: end, bytes: size - end };
  if (tail === 'foreign') {
    const aside = await openAside(path);
    try {
      await copyTail(handle, aside.handle, end, size);
    } finally {
      await aside.handle.close();
    }
    env.log.warn('file: what was no frame is moved aside', { ...fields, aside: aside.path });
  } else env.log.warn('file: a torn frame at the end is cut off', fields);
  await handle.truncate(end);
};
