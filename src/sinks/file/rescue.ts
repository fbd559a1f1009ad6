import { append, cutBack } from './append';
import type { OpenFile } from './openFile';
import { scanFrames } from './scanFrames';
import { syncFile } from './sync';

const CHUNK_BYTES = 1024 * 1024;

const copyTo = async (to: OpenFile, from: OpenFile): Promise<void> => {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, from.length - from.synced));
  for (let at = from.synced; at < from.length;) {
    const { bytesRead } = await from.handle.read(chunk, 0, Math.min(chunk.length, from.length - at), at);
    if (bytesRead === 0) throw new Error(`${from.path}: expected ${from.length} bytes, found ${at}`);
    const appended = await append(to.handle, [chunk.subarray(0, bytesRead)]);
    to.length += appended.bytes;
    at += appended.bytes;
    if ('error' in appended) throw appended.error;
  }
};

/**
 * Writes what is not synced of `from`, whose sync failed, to the end of `to`, and syncs that. The system mostly has the bytes
 * in memory still, however bad the disk. All of it or nothing: where it rejects, everything is where it was, and `to` is as it was but
 * for what cannot be cut off again.
 */
export const rescue = async (from: OpenFile, to: OpenFile): Promise<void> => {
  const start = to.length;
  try {
    await copyTo(to, from);
    const { end } = await scanFrames(to.handle, to.length, start);
    if (end < to.length)
      throw new Error(`${from.path}: expected frames, found something else from byte ${from.synced + end - start} on`);
    await syncFile(to);
  } catch (error) {
    if (await cutBack(to.handle, to.length, start)) to.length = start;
    throw error;
  }
};
