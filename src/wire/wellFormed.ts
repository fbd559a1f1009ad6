import { isUtf8 } from 'node:buffer';
import {
  HAS_PARTITION,
  HAS_TIMESTAMP,
  KEY_IS_NULL,
  KNOWN_FLAGS,
  MAX_HEADERS,
  NULL_HEADER,
  PARTITION_BYTES,
  RECORD_HEAD_BYTES,
  RECORD_TYPE,
  SMALLEST_RECORD_BYTES,
  TIMESTAMP_BYTES,
  VALUE_IS_NULL,
} from './recordLayout';
import { SYNC_BODY_BYTES, SYNC_TYPE } from './sync';

/** Whether the version 1 body of `length` bytes at `at`, whose bucket is not empty, holds a bucket, a key length and the key. */
export const isWellFormed = (chunk: Uint8Array, at: number, length: number): boolean => {
  const keyLengthAt = 1 + (chunk[at] ?? 0);
  return keyLengthAt < length && keyLengthAt + 1 + (chunk[at + keyLengthAt] ?? 0) <= length;
};

/** Looks at each byte first: names are ASCII nearly always, and a view for `isUtf8` is an object. */
const isText = (chunk: Buffer, start: number, end: number): boolean => {
  for (let at = start; at < end; at += 1) if ((chunk[at] ?? 0) > 0x7f) return isUtf8(chunk.subarray(start, end));
  return true;
};

const headersFault = (chunk: Buffer, countAt: number, end: number, nullMessage: boolean): string | undefined => {
  const count = chunk.readUInt16LE(countAt);
  if (count > MAX_HEADERS) return `a record of ${count} headers, expected at most ${MAX_HEADERS}`;
  let at = countAt + 2;
  for (let n = 1; n <= count; n += 1) {
    if (at + 2 > end) return `a record of ${count} headers ends before number ${n}`;
    const nameStart = at + 2;
    const nameEnd = nameStart + chunk.readUInt16LE(at);
    if (nameEnd + 4 > end) return `the name of header ${n} runs past its record: ${nameEnd - nameStart} bytes`;
    if (!isText(chunk, nameStart, nameEnd)) return `the name of header ${n} of a record is not UTF-8`;
    const valueLength = chunk.readUInt32LE(nameEnd);
    at = nameEnd + 4 + (valueLength === NULL_HEADER ? 0 : valueLength);
    if (at > end) return `the value of header ${n} runs past its record: ${valueLength} bytes`;
  }
  return nullMessage && at < end
    ? `a record says that its message is null, and has ${end - at} bytes of it`
    : undefined;
};

/**
 * What is wrong with the extended body of `length` bytes at `at`, as a record; undefined: nothing, but whether its bucket is UTF-8
 * was not looked at.
 */
export const recordFault = (chunk: Buffer, at: number, length: number): string | undefined => {
  if (length < 2) return `body of ${length} bytes, expected at least 2`;
  const type = chunk[at + 1] ?? 0;
  if (type === SYNC_TYPE)
    return length === SYNC_BODY_BYTES
      ? 'a sync, where only messages are expected'
      : `a sync of ${length} bytes, expected ${SYNC_BODY_BYTES}`;
  if (type !== RECORD_TYPE) return `extended body of type ${type}, which this version does not know`;
  if (length < SMALLEST_RECORD_BYTES) return `a record of ${length} bytes, expected at least ${SMALLEST_RECORD_BYTES}`;
  const flags = chunk[at + 2] ?? 0;
  if ((flags & ~KNOWN_FLAGS) !== 0) return `a record with the flags ${flags}, expected at most ${KNOWN_FLAGS}`;
  const bucketLength = chunk[at + 3] ?? 0;
  if (bucketLength === 0) return 'a record with a bucket of 0 bytes, expected 1 to 255';
  const end = at + length;
  const keyLengthAt = at + RECORD_HEAD_BYTES + bucketLength;
  if (keyLengthAt + 2 > end) return `a record of ${length} bytes with a bucket of ${bucketLength}`;
  const keyLength = chunk.readUInt16LE(keyLengthAt);
  if ((flags & KEY_IS_NULL) !== 0 && keyLength > 0)
    return `a record says that its key is null, and has ${keyLength} bytes of it`;
  const timestampBytes = (flags & HAS_TIMESTAMP) === 0 ? 0 : TIMESTAMP_BYTES;
  const partitionBytes = (flags & HAS_PARTITION) === 0 ? 0 : PARTITION_BYTES;
  const countAt = keyLengthAt + 2 + keyLength + timestampBytes + partitionBytes;
  if (countAt + 2 > end)
    return `a record of ${length} bytes with the flags ${flags}, a bucket of ${bucketLength} and a key of ${keyLength}`;
  return headersFault(chunk, countAt, end, (flags & VALUE_IS_NULL) !== 0);
};

/** Why the body of `length` bytes at `at` is refused. */
export const describeMalformed = (chunk: Buffer, at: number, length: number): string => {
  const notUtf8 = 'the name of the bucket is not UTF-8';
  const bucketLength = chunk[at] ?? 0;
  if (length < 2 || bucketLength === 0) return recordFault(chunk, at, length) ?? notUtf8;
  if (bucketLength + 2 > length) return `bucket of ${bucketLength} bytes in a body of ${length}`;
  const keyLength = chunk[at + 1 + bucketLength] ?? 0;
  if (bucketLength + keyLength + 2 > length)
    return `bucket of ${bucketLength} and key of ${keyLength} bytes in a body of ${length}`;
  return notUtf8;
};
