import type { FileHandle } from 'node:fs/promises';
import { frameAt, HEAD_BYTES } from '../../wire/frameAt';

const WINDOW_BYTES = 256 * 1024;

/** What a file holds: whole frames up to `end`, and behind them nothing, a torn one, or something that is no frame. */
export interface Scan {
  readonly end: number;
  readonly tail: 'none' | 'torn' | 'foreign';
  /** Of the first frame. */
  readonly bucket: string | undefined;
}

/** Walks the frames of a file of `size` bytes by their lengths, a window at a time, beginning at `start`. */
export const scanFrames = async (file: FileHandle, size: number, start = 0): Promise<Scan> => {
  const window = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, size));
  let windowAt = 0;
  let filled = 0;
  let end = start;
  let bucket: string | undefined;
  while (end < size) {
    if (end + HEAD_BYTES > windowAt + filled && windowAt + filled < size) {
      filled = (await file.read(window, 0, Math.min(window.length, size - end), end)).bytesRead;
      windowAt = end;
      if (filled === 0) return { end, tail: 'none', bucket };
    }
    const found = frameAt(window.subarray(0, filled), end - windowAt, size - end);
    if (end === start) bucket = found.bucket;
    if (found.kind !== 'frame') return { end, tail: found.kind, bucket };
    end += found.bytes;
  }
  return { end, tail: 'none', bucket };
};
