import type { Frames, StreamOptions } from '../model';
import { LENGTH_BYTES, MAX_SKIPPED_BYTES } from './frame';
import { MessageCursor } from './messageCursor';
import { HAS_TIMESTAMP, KEY_IS_NULL, RECORD_HEAD_BYTES, RECORD_TYPE, TIMESTAMP_BYTES } from './recordLayout';

/** What a version 1 frame, the shorter form, becomes longer by: head, length of the key, timestamp, number of headers. */
export const LONGER_BY = RECORD_HEAD_BYTES - 1 + 1 + TIMESTAMP_BYTES + 2;

/** Of a record: where its flags stand. */
const FLAGS_AT = LENGTH_BYTES + 2;

/** How much longer the cursor's message becomes. A frame that would be too long for a frame stays what it is. */
const growth = ({ isRecord, timestampMs, start, end }: MessageCursor): number => {
  const more = isRecord ? (timestampMs === undefined ? TIMESTAMP_BYTES : 0) : LONGER_BY;
  return end - start - LENGTH_BYTES + more > MAX_SKIPPED_BYTES ? 0 : more;
};

const writeTimestamp = (out: Buffer, at: number, ms: number): number => {
  const whole = Math.floor(ms);
  out.writeUInt32LE(whole >>> 0, at);
  return out.writeInt32LE(Math.floor(whole / 0x100000000), at + 4);
};

/** Writes the version 1 frame where the cursor stands, whose bytes are in `out` too, `shift` behind their place. */
const fromFrame = (out: Buffer, at: number, cursor: MessageCursor, shift: number, ms: number, flags: number): void => {
  const { start, end, keyStart, keyEnd } = cursor;
  const bucketAt = start + LENGTH_BYTES;
  out.writeUInt32LE(end - bucketAt + LONGER_BY, at);
  out[at + LENGTH_BYTES] = 0;
  out[at + LENGTH_BYTES + 1] = RECORD_TYPE;
  out[at + FLAGS_AT] = flags;
  let to = at + FLAGS_AT + 1;
  // The bucket with its length.
  out.copyWithin(to, shift + bucketAt, shift + keyStart - 1);
  to = out.writeUInt16LE(keyEnd - keyStart, to + keyStart - 1 - bucketAt);
  if (keyEnd > keyStart) out.copyWithin(to, shift + keyStart, shift + keyEnd);
  to = writeTimestamp(out, to + keyEnd - keyStart, ms);
  to = out.writeUInt16LE(0, to);
  out.copyWithin(to, shift + keyEnd, shift + end);
};

/** Writes the record without a timestamp where the cursor stands. */
const fromRecord = (
  out: Buffer,
  at: number,
  { start, end, keyEnd }: MessageCursor,
  shift: number,
  ms: number,
): void => {
  const bodyAt = start + LENGTH_BYTES;
  out.writeUInt32LE(end - bodyAt + TIMESTAMP_BYTES, at);
  out.copyWithin(at + LENGTH_BYTES, shift + bodyAt, shift + keyEnd);
  out[at + FLAGS_AT] = (out[at + FLAGS_AT] ?? 0) | HAS_TIMESTAMP;
  const to = writeTimestamp(out, at + keyEnd - start, ms);
  out.copyWithin(to, shift + keyEnd, shift + end);
};

const sizeOf = (bytes: Buffer, cursor: MessageCursor): number => {
  let size = bytes.length;
  while (cursor.next()) size += growth(cursor);
  return size;
};

/**
 * The messages of a run as records that say when they arrived: a run that is read back later has lost its `arrivedMs`. What has a
 * timestamp already is copied byte for byte, odd values included.
 *
 * @param emptyKey what becomes of a key of length 0 in a version 1 frame, which a record can tell from none. Default: it stays empty
 */
export const toRecords = (
  { bytes, arrivedMs }: Pick<Frames, 'bytes' | 'arrivedMs'>,
  emptyKey: StreamOptions['emptyKey'] = 'empty',
): Buffer => {
  const cursor = new MessageCursor(bytes);
  const size = sizeOf(bytes, cursor);
  if (size === bytes.length) return bytes;
  const out = Buffer.allocUnsafe(size);
  const keyless = emptyKey === 'null' ? HAS_TIMESTAMP | KEY_IS_NULL : HAS_TIMESTAMP;
  // Messages only grow, so what is written never reaches what is still to be read. Moving bytes within a buffer is cheaper than
  // copying them from another, for which the engine is left.
  const shift = size - bytes.length;
  out.set(bytes, shift);
  let at = 0;
  cursor.reset(bytes);
  while (cursor.next()) {
    const { start, end, keyStart, keyEnd, isRecord } = cursor;
    const more = growth(cursor);
    if (more === 0) out.copyWithin(at, shift + start, shift + end);
    else if (isRecord) fromRecord(out, at, cursor, shift, arrivedMs);
    else fromFrame(out, at, cursor, shift, arrivedMs, keyStart === keyEnd ? keyless : HAS_TIMESTAMP);
    at += end - start + more;
  }
  return out;
};
