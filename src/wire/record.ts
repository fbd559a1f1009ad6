import { ByteWriter, sizeOf, type Bytes } from './byteWriter';
import { LENGTH_BYTES, MAX_BUCKET_BYTES, MAX_SKIPPED_BYTES } from './frame';
import {
  HAS_PARTITION,
  HAS_TIMESTAMP,
  KEY_IS_NULL,
  MAX_HEADERS,
  NULL_HEADER,
  PARTITION_BYTES,
  RECORD_HEAD_BYTES,
  SMALLEST_RECORD_BYTES,
  RECORD_TYPE,
  TIMESTAMP_BYTES,
  VALUE_IS_NULL,
} from './recordLayout';

/** What a record can say beside its message. */
export interface RecordOptions {
  /** At most 65,535 bytes; an empty key is not null. Default: null. */
  readonly key?: Bytes | null | undefined;
  /** Milliseconds since 1970. Default: the time of arrival. */
  readonly timestampMs?: number | undefined;
  /** Default: the partitioner's choice. */
  readonly partition?: number | undefined;
  /** At most 1,000, in order; a name may come more than once. Default: none. */
  readonly headers?: readonly (readonly [name: string, value: Bytes | null])[] | undefined;
}

const expectWithin = (place: string, found: number, least: number, most: number, unit = ''): void => {
  if (!Number.isInteger(found) || found < least || found > most)
    throw new RangeError(`${place}: expected ${least} to ${most}${unit}, got ${found}`);
};

type Header = readonly [name: string, value: Bytes | null];

const headerBytes = ([name, value]: Header, index: number): number => {
  const nameBytes = sizeOf(name);
  expectWithin(`headers[${index}]: name`, nameBytes, 0, 0xffff, ' bytes');
  return 2 + nameBytes + 4 + (value === null ? 0 : sizeOf(value));
};

const writeHeader = (record: ByteWriter, [name, value]: Header): void => {
  record
    .u16(sizeOf(name))
    .bytes(name)
    .u32(value === null ? NULL_HEADER : sizeOf(value));
  if (value !== null) record.bytes(value);
};

/**
 * One type 1 record: a frame with what version 1 cannot carry. A `message` of null is a tombstone.
 *
 * @throws RangeError when a part does not fit: it names the part, what was expected and what was found.
 */
export const encodeRecord = (
  bucket: string,
  message: Bytes | null,
  { key = null, timestampMs, partition, headers = [] }: RecordOptions = {},
): Buffer => {
  const nameBytes = sizeOf(bucket);
  const keyBytes = key === null ? 0 : sizeOf(key);
  expectWithin('bucket', nameBytes, 1, MAX_BUCKET_BYTES, ' bytes');
  expectWithin('key', keyBytes, 0, 0xffff, ' bytes');
  expectWithin('headers', headers.length, 0, MAX_HEADERS);
  const headersBytes = headers.reduce((sum, header, index) => sum + headerBytes(header, index), 0);
  if (timestampMs !== undefined) expectWithin('timestampMs', timestampMs, 0, Number.MAX_SAFE_INTEGER);
  if (partition !== undefined) expectWithin('partition', partition, 0, 0x7fffffff);
  const flags =
    (timestampMs === undefined ? 0 : HAS_TIMESTAMP) |
    (partition === undefined ? 0 : HAS_PARTITION) |
    (key === null ? KEY_IS_NULL : 0) |
    (message === null ? VALUE_IS_NULL : 0);
  const length =
    RECORD_HEAD_BYTES +
    nameBytes +
    2 +
    keyBytes +
    (timestampMs === undefined ? 0 : TIMESTAMP_BYTES) +
    (partition === undefined ? 0 : PARTITION_BYTES) +
    (2 + headersBytes) +
    (message === null ? 0 : sizeOf(message));
  expectWithin('record', length, SMALLEST_RECORD_BYTES, MAX_SKIPPED_BYTES, ' bytes');

  const record = new ByteWriter(LENGTH_BYTES + length).u32(length);
  record.u8(0).u8(RECORD_TYPE).u8(flags).u8(nameBytes).bytes(bucket).u16(keyBytes);
  if (key !== null) record.bytes(key);
  if (timestampMs !== undefined) record.i64(timestampMs);
  if (partition !== undefined) record.u32(partition);
  record.u16(headers.length);
  for (const header of headers) writeHeader(record, header);
  if (message !== null) record.bytes(message);
  return record.written;
};
