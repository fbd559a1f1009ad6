import { LENGTH_BYTES, MAX_BUCKET_BYTES, MAX_SKIPPED_BYTES } from './frame';
import {
  HAS_PARTITION,
  HAS_TIMESTAMP,
  KEY_IS_NULL,
  MAX_HEADERS,
  NULL_HEADER,
  PARTITION_BYTES,
  SMALLEST_RECORD_BYTES,
  RECORD_TYPE,
  TIMESTAMP_BYTES,
  VALUE_IS_NULL,
} from './recordLayout';

export type Bytes = Uint8Array | string;

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

const bytesOf = (value: Bytes | null): Buffer | null => (value === null ? null : Buffer.from(value));

const lengthBytes = (size: 1 | 2 | 4, length: number): Buffer => {
  const bytes = Buffer.alloc(size);
  bytes.writeUIntLE(length, 0, size);
  return bytes;
};

const headerParts = (name: Buffer, value: Buffer | null): readonly Buffer[] => [
  lengthBytes(2, name.length),
  name,
  lengthBytes(4, value?.length ?? NULL_HEADER),
  ...(value ? [value] : []),
];

const timestampParts = (timestampMs: number | undefined): readonly Buffer[] => {
  if (timestampMs === undefined) return [];
  expectWithin('timestampMs', timestampMs, 0, Number.MAX_SAFE_INTEGER);
  const bytes = Buffer.alloc(TIMESTAMP_BYTES);
  bytes.writeBigInt64LE(BigInt(timestampMs));
  return [bytes];
};

const partitionParts = (partition: number | undefined): readonly Buffer[] => {
  if (partition === undefined) return [];
  expectWithin('partition', partition, 0, 0x7fffffff);
  return [lengthBytes(PARTITION_BYTES, partition)];
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
  const name = Buffer.from(bucket);
  const keyBytes = bytesOf(key);
  const value = bytesOf(message);
  expectWithin('bucket', name.length, 1, MAX_BUCKET_BYTES, ' bytes');
  expectWithin('key', keyBytes?.length ?? 0, 0, 0xffff, ' bytes');
  expectWithin('headers', headers.length, 0, MAX_HEADERS);
  const encodedHeaders = headers.flatMap(([headerName, headerValue], index) => {
    const nameBytes = Buffer.from(headerName);
    expectWithin(`headers[${index}]: name`, nameBytes.length, 0, 0xffff, ' bytes');
    return headerParts(nameBytes, bytesOf(headerValue));
  });
  const flags =
    (timestampMs === undefined ? 0 : HAS_TIMESTAMP) |
    (partition === undefined ? 0 : HAS_PARTITION) |
    (keyBytes ? 0 : KEY_IS_NULL) |
    (value ? 0 : VALUE_IS_NULL);
  const parts = [
    Buffer.of(0, RECORD_TYPE, flags, name.length),
    name,
    lengthBytes(2, keyBytes?.length ?? 0),
    ...(keyBytes ? [keyBytes] : []),
    ...timestampParts(timestampMs),
    ...partitionParts(partition),
    lengthBytes(2, headers.length),
    ...encodedHeaders,
    ...(value ? [value] : []),
  ];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  expectWithin('record', length, SMALLEST_RECORD_BYTES, MAX_SKIPPED_BYTES, ' bytes');
  return Buffer.concat([lengthBytes(LENGTH_BYTES, length), ...parts], LENGTH_BYTES + length);
};
