import type { FileHandle } from 'node:fs/promises';
import { isFrames, isRefused, type Frames, type Origin } from '../model';
import { createDecoder, createDecoderTables, type Decoder } from '../wire/decoder';
import { LENGTH_BYTES, MAX_SKIPPED_BYTES } from '../wire/frame';
import { readAt } from './plainFile';

/** Where a file stops being frames; beyond it lengths cannot be trusted. */
export interface Fault {
  readonly at: number;
  /** What was found. */
  readonly detail: string;
}

/** Whole frames of a file from `start` to `end`, once a bucket; empty only where a fault or the end of the file follows. */
export interface FrameWindow {
  readonly frames: readonly Frames[];
  readonly start: number;
  readonly end: number;
  /** What stands at `end`. */
  readonly fault: Fault | undefined;
}

/** Names of buckets, for all files; nothing stays in it between two windows. */
const tables = createDecoderTables();

const decoderOf = (arrivedMs: number): Decoder => {
  // What an earlier process left may have been delivered already.
  const origin: Origin = { messages: 0, open: 0, worst: 0, recovered: true };
  return createDecoder({ maxFrame: MAX_SKIPPED_BYTES, now: () => arrivedMs, origin, tables });
};

/** The first frame of `bytes` that a decoder refuses. */
const firstFault = (bytes: Buffer): Fault => {
  const decoder = decoderOf(0);
  for (let at = 0; ; at += LENGTH_BYTES + bytes.readUInt32LE(at)) {
    const refused = decoder.push(bytes.subarray(at, at + LENGTH_BYTES + bytes.readUInt32LE(at))).find(isRefused);
    if (refused) return { at, detail: refused.detail };
  }
};

interface Part {
  readonly frames: readonly Frames[];
  /** Bytes in whole frames. */
  readonly whole: number;
  /** What is no frame behind them. */
  readonly detail: string | undefined;
}

/** The decoder of clients skips what is malformed and goes on; on disk all behind it is in doubt. */
const decode = (bytes: Buffer, arrivedMs: number): Part => {
  const decoder = decoderOf(arrivedMs);
  const decoded = decoder.push(bytes);
  if (!decoded.some(isRefused))
    return { frames: decoded.filter(isFrames), whole: bytes.length - decoder.pending, detail: undefined };
  const { at, detail } = firstFault(bytes);
  return { ...decode(bytes.subarray(0, at), arrivedMs), detail };
};

const describeTorn = (bytes: Buffer, remaining: number): string =>
  bytes.length < LENGTH_BYTES
    ? `a length of ${bytes.length} bytes, expected ${LENGTH_BYTES}`
    : `${remaining} bytes of a frame of ${LENGTH_BYTES + bytes.readUInt32LE(0)}`;

export interface WindowOptions {
  /** Bytes of the file. */
  readonly size: number;
  /** Bytes of a window that holds more than one frame. */
  readonly maxBytes: number;
  /** For frames that do not say when they came. Milliseconds since 1970. */
  readonly arrivedMs: number;
}

/** Reads whole frames from `start`: at most `maxBytes`, but at least one frame where there is one. */
export const readWindow = async (
  handle: FileHandle,
  start: number,
  { size, maxBytes, arrivedMs }: WindowOptions,
): Promise<FrameWindow> => {
  const remaining = size - start;
  const first = await readAt(handle, start, Math.min(remaining, Math.max(maxBytes, LENGTH_BYTES)));
  const frameBytes = first.length < LENGTH_BYTES ? 0 : LENGTH_BYTES + first.readUInt32LE(0);
  const isLarge = frameBytes > first.length && frameBytes <= Math.min(remaining, LENGTH_BYTES + MAX_SKIPPED_BYTES);
  const bytes = isLarge ? await readAt(handle, start, frameBytes) : first;
  const { frames, whole, detail } = decode(bytes, arrivedMs);
  const end = start + whole;
  const isTorn = whole < bytes.length && (whole === 0 || bytes.length === remaining);
  const found = detail ?? (isTorn ? describeTorn(bytes.subarray(whole), size - end) : undefined);
  return { frames, start, end, fault: found === undefined ? undefined : { at: end, detail: found } };
};

/** All windows of a file from `start`, up to its end or its first fault. */
export const frameWindows = async function* (
  handle: FileHandle,
  start: number,
  options: WindowOptions,
): AsyncGenerator<FrameWindow> {
  for (let at = start; at < options.size;) {
    const window = await readWindow(handle, at, options);
    yield window;
    if (window.fault || window.end === at) return;
    at = window.end;
  }
};
