import { append } from './append';
import type { OpenFile } from './openFile';
import { scanFrames } from './scanFrames';
import { syncFile } from './sync';

const CHUNK_BYTES = 1024 * 1024;

const copyTo = async (to: OpenFile, from: OpenFile): Promise<void> => {
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, from.length - from.synced));
  for (let at = from.synced; at < from.length;) {
    const { bytesRead } = await from.handle.read(chunk, 0, Math.min(chunk.length, from.length - at), at);
    const { bytes, error } = await append(to.handle, [chunk.subarray(0, bytesRead)]);
    to.length += bytes;
    at += bytes;
    if (bytesRead === 0 || error !== undefined) return;
  }
};

/**
 * Writes what is not synced of `from`, whose sync failed, to the end of `to`, and syncs that. The system mostly has the bytes
 * in memory still, however bad the disk; what is no whole frame is left out. Resolves to the bytes that are safe now.
 */
export const rescue = async (from: OpenFile, to: OpenFile): Promise<number> => {
  const start = to.length;
  await copyTo(to, from);
  const { end } = await scanFrames(to.handle, to.length, start);
  if (end < to.length) await to.handle.truncate(end);
  to.length = end;
  await syncFile(to);
  return end - start;
};
