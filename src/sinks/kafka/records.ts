import type { MessageCursor } from '../../wire/messageCursor';
import { NULL_HEADER } from '../../wire/recordLayout';
import { varintSize, varlongSize, writeVarint, writeVarlong } from './varint';

/** The length of what is null, as it stands in a record. */
export const NULL_LENGTH = 1;

/** Bytes of a length and of what has it; null has none. */
const sizeOf = (isNull: boolean, length: number): number => (isNull ? 1 : varintSize(length << 1) + length);

/** Writes the length and the bytes of `source` from `start` to before `end`, or null, and returns the position after it. */
const write = (target: Buffer, at: number, source: Buffer, isNull: boolean, start: number, end: number): number => {
  if (isNull) return writeVarint(target, at, NULL_LENGTH);
  const to = writeVarint(target, at, (end - start) << 1);
  return to + source.copy(target, to, start, end);
};

const headersSize = (source: Buffer, { headerCount, headersStart }: MessageCursor): number => {
  let size = varintSize(headerCount << 1);
  let at = headersStart;
  for (let n = 0; n < headerCount; n += 1) {
    const nameLength = source.readUInt16LE(at);
    const valueLength = source.readUInt32LE(at + 2 + nameLength);
    const isNull = valueLength === NULL_HEADER;
    size += sizeOf(false, nameLength) + sizeOf(isNull, valueLength);
    at += 6 + nameLength + (isNull ? 0 : valueLength);
  }
  return size;
};

const writeHeaders = (
  target: Buffer,
  start: number,
  source: Buffer,
  { headerCount, headersStart }: MessageCursor,
): number => {
  let to = writeVarint(target, start, headerCount << 1);
  let at = headersStart;
  for (let n = 0; n < headerCount; n += 1) {
    const nameStart = at + 2;
    const nameEnd = nameStart + source.readUInt16LE(at);
    const valueStart = nameEnd + 4;
    const valueLength = source.readUInt32LE(nameEnd);
    const isNull = valueLength === NULL_HEADER;
    at = isNull ? valueStart : valueStart + valueLength;
    to = write(target, to, source, false, nameStart, nameEnd);
    to = write(target, to, source, isNull, valueStart, at);
  }
  return to;
};

/** Bytes of key, message and headers of the record at `cursor`: what `message.max.bytes` bounds. */
export const payloadSize = ({ keyStart, keyEnd, headersStart, end }: MessageCursor): number =>
  keyEnd - keyStart + end - headersStart;

/** Bytes that {@link writeRecord} writes after the record's length. */
export const recordSize = (
  source: Buffer,
  cursor: MessageCursor,
  offsetDelta: number,
  timestampDelta: number,
): number => {
  const { keyIsNull, keyStart, keyEnd, valueIsNull, valueStart, end } = cursor;
  return (
    1 +
    varlongSize(timestampDelta) +
    varintSize(offsetDelta << 1) +
    sizeOf(keyIsNull, keyEnd - keyStart) +
    sizeOf(valueIsNull, end - valueStart) +
    headersSize(source, cursor)
  );
};

/**
 * Writes the type 1 record of `source` at which `cursor` stands as a record of Kafka, of which `size` bytes follow its length,
 * and returns the position after it.
 *
 * @see https://kafka.apache.org/documentation/#record
 */
export const writeRecord = (
  target: Buffer,
  start: number,
  source: Buffer,
  cursor: MessageCursor,
  size: number,
  offsetDelta: number,
  timestampDelta: number,
): number => {
  const { keyIsNull, keyStart, keyEnd, valueIsNull, valueStart, end } = cursor;
  let to = writeVarint(target, start, size << 1);
  target[to++] = 0;
  to = writeVarlong(target, to, timestampDelta);
  to = writeVarint(target, to, offsetDelta << 1);
  to = write(target, to, source, keyIsNull, keyStart, keyEnd);
  to = write(target, to, source, valueIsNull, valueStart, end);
  return writeHeaders(target, to, source, cursor);
};
