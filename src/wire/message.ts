import type { Frames, Message, StreamOptions } from '../model';
import { encodeFrame, LENGTH_BYTES, MAX_FRAME_KEY_BYTES, MAX_SKIPPED_BYTES } from './frame';
import { headersAt } from './headers';
import type { MessageCursor } from './messageCursor';
import { encodeRecord } from './record';

/** Frozen, so that what is pushed to it is an error, and never lost in silence. */
const NO_HEADERS: Message['headers'] = Object.freeze([]);

const headersOf = (bytes: Buffer, cursor: MessageCursor): Message['headers'] =>
  Object.freeze(Array.from(headersAt(bytes, cursor), ({ name, value }) => Object.freeze([name, value] as const)));

/** The message at the cursor of a run; its buffers are views of `bytes`. */
export const messageAt = (
  bytes: Buffer,
  cursor: MessageCursor,
  { bucket, arrivedMs }: Pick<Frames, 'bucket' | 'arrivedMs'>,
): Message => ({
  bucket,
  key: cursor.keyIsNull ? null : bytes.subarray(cursor.keyStart, cursor.keyEnd),
  value: cursor.valueIsNull ? null : bytes.subarray(cursor.valueStart, cursor.end),
  headers: cursor.headerCount === 0 ? NO_HEADERS : headersOf(bytes, cursor),
  timestampMs: cursor.timestampMs ?? Math.floor(arrivedMs),
});

/** Whether both say the same, in the same memory. */
export const isUnchanged = (one: Message, other: Message): boolean =>
  one.bucket === other.bucket &&
  one.key === other.key &&
  one.value === other.value &&
  one.headers === other.headers &&
  one.timestampMs === other.timestampMs;

/**
 * Writes `message`, which was made of `given`, the one at the cursor: as a version 1 frame where it came as one that can say all of it, else
 * as a record with its time. A partition that was asked for stays with its bucket.
 *
 * @param emptyKey what becomes of a key of length 0 that came in a version 1 frame, where a record tells it from none
 * @throws RangeError when a part does not fit: it names the part, what was expected and what was found
 */
export const encodeMessage = (
  message: Message,
  given: Message,
  { isRecord, partition }: MessageCursor,
  emptyKey: StreamOptions['emptyKey'],
): Buffer => {
  const { bucket, key, value, headers, timestampMs } = message;
  const isFrame =
    !isRecord &&
    value !== null &&
    key !== null &&
    key.length <= MAX_FRAME_KEY_BYTES &&
    headers === given.headers &&
    timestampMs === given.timestampMs;
  if (isFrame) {
    const frame = encodeFrame(bucket, value, key);
    const bytes = frame.length - LENGTH_BYTES;
    if (bytes > MAX_SKIPPED_BYTES)
      throw new RangeError(`message: expected at most ${MAX_SKIPPED_BYTES} bytes, got ${bytes}`);
    return frame;
  }
  const isKeyless = !isRecord && key === given.key && key?.length === 0 && emptyKey === 'null';
  return encodeRecord(bucket, value, {
    key: isKeyless ? null : key,
    timestampMs,
    partition: bucket === given.bucket ? partition : undefined,
    headers,
  });
};
