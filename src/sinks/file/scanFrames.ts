import { isUtf8 } from 'node:buffer';
import type { FileHandle } from 'node:fs/promises';
import { LENGTH_BYTES, MAX_SKIPPED_BYTES } from '../../wire/frame';

/** Of a frame, what is needed to know it: the lengths and the bucket. */
export const HEAD_BYTES = LENGTH_BYTES + 1 + 255 + 1;
const WINDOW_BYTES = 256 * 1024;

/** What stands at a place in a file. `torn`: it may be a frame, but the file ends within it. */
export interface Found {
  readonly kind: 'frame' | 'torn' | 'foreign';
  /** Of the whole frame, its length included. */
  readonly bytes: number;
  /** As far as it can be seen. */
  readonly bucket: string | undefined;
}

const FOREIGN: Found = { kind: 'foreign', bytes: 0, bucket: undefined };

/** Looks at what starts at `at`; `remaining` is what the file holds from there, `bytes` shows at least its first HEAD_BYTES. */
export const frameAt = (bytes: Buffer, at: number, remaining: number): Found => {
  if (remaining < LENGTH_BYTES) return { kind: 'torn', bytes: 0, bucket: undefined };
  const bodyBytes = bytes.readUInt32LE(at);
  const bucketBytes = bytes[at + LENGTH_BYTES] ?? 0;
  const bucketAt = at + LENGTH_BYTES + 1;
  const keyLengthAt = bucketAt + bucketBytes;
  const seen = Math.min(bytes.length, at + remaining);
  const keyBytes = keyLengthAt < seen ? (bytes[keyLengthAt] ?? 0) : 0;
  if (bodyBytes > MAX_SKIPPED_BYTES || (bucketBytes === 0 && remaining > LENGTH_BYTES)) return FOREIGN;
  if (bodyBytes < 2 + bucketBytes + keyBytes || bodyBytes < 3) return FOREIGN;
  const name = keyLengthAt <= seen && bucketBytes > 0 ? bytes.subarray(bucketAt, keyLengthAt) : undefined;
  if (name && !isUtf8(name)) return FOREIGN;
  const whole = remaining >= LENGTH_BYTES + bodyBytes;
  return { kind: whole ? 'frame' : 'torn', bytes: LENGTH_BYTES + bodyBytes, bucket: name?.toString() };
};

/** What a file holds: whole frames up to `end`, and behind them nothing, a torn one, or something that is no frame. */
export interface Scan {
  readonly end: number;
  readonly tail: 'none' | 'torn' | 'foreign';
  /** Of the first frame. */
  readonly bucket: string | undefined;
}

/** Walks the frames of a file of `size` bytes by their lengths, a window at a time. */
export const scanFrames = async (file: FileHandle, size: number): Promise<Scan> => {
  const window = Buffer.allocUnsafe(Math.min(WINDOW_BYTES, size));
  let windowAt = 0;
  let filled = 0;
  let end = 0;
  let bucket: string | undefined;
  while (end < size) {
    if (end + HEAD_BYTES > windowAt + filled && windowAt + filled < size) {
      filled = (await file.read(window, 0, Math.min(window.length, size - end), end)).bytesRead;
      windowAt = end;
      if (filled === 0) return { end, tail: 'none', bucket };
    }
    const found = frameAt(window.subarray(0, filled), end - windowAt, size - end);
    if (end === 0) bucket = found.bucket;
    if (found.kind !== 'frame') return { end, tail: found.kind, bucket };
    end += found.bytes;
  }
  return { end, tail: 'none', bucket };
};
