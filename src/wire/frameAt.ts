import { isUtf8 } from 'node:buffer';
import { LENGTH_BYTES, MAX_BUCKET_BYTES, MAX_SKIPPED_BYTES } from './frame';
import {
  HAS_PARTITION,
  HAS_TIMESTAMP,
  KEY_IS_NULL,
  KNOWN_FLAGS,
  PARTITION_BYTES,
  RECORD_HEAD_BYTES,
  RECORD_TYPE,
  TIMESTAMP_BYTES,
} from './recordLayout';

/** Of a frame, what is needed to know it: the lengths and the bucket. A record's are the longest. */
export const HEAD_BYTES = LENGTH_BYTES + RECORD_HEAD_BYTES + MAX_BUCKET_BYTES + 2;

/** What stands at a place in a file. `torn`: it may be a frame, but the file ends within it. */
export interface Found {
  readonly kind: 'frame' | 'torn' | 'foreign';
  /** Of the whole frame, its length included. */
  readonly bytes: number;
  /** As far as it can be seen. */
  readonly bucket: string | undefined;
}

/** Of a body, as far as its head can be seen: where the bucket stands, and how long the body is at least. */
interface Head {
  readonly bucketAt: number;
  /** 0: not seen. */
  readonly bucketBytes: number;
  readonly leastBytes: number;
}

const FOREIGN: Found = { kind: 'foreign', bytes: 0, bucket: undefined };
const LEAST_BYTES = 3;

const frameHead = (seen: Buffer): Head => {
  const bucketBytes = seen[0] ?? 0;
  const keyBytes = seen[1 + bucketBytes] ?? 0;
  return { bucketAt: 1, bucketBytes, leastBytes: Math.max(LEAST_BYTES, 2 + bucketBytes + keyBytes) };
};

/** Nothing when it is no record. */
const recordHead = (seen: Buffer): Head | undefined => {
  const [, type = RECORD_TYPE, flags = 0, bucketLength] = seen;
  if (type !== RECORD_TYPE || (flags & ~KNOWN_FLAGS) !== 0 || bucketLength === 0) return undefined;
  const bucketBytes = bucketLength ?? 0;
  const keyLengthAt = RECORD_HEAD_BYTES + bucketBytes;
  const keyBytes = seen.length < keyLengthAt + 2 ? 0 : seen.readUInt16LE(keyLengthAt);
  if (keyBytes > 0 && (flags & KEY_IS_NULL) !== 0) return undefined;
  const timestampBytes = (flags & HAS_TIMESTAMP) === 0 ? 0 : TIMESTAMP_BYTES;
  const partitionBytes = (flags & HAS_PARTITION) === 0 ? 0 : PARTITION_BYTES;
  const leastBytes = keyLengthAt + 2 + keyBytes + timestampBytes + partitionBytes + 2;
  return { bucketAt: RECORD_HEAD_BYTES, bucketBytes, leastBytes };
};

/**
 * Looks at what starts at `at`, a version 1 frame or a record; `remaining` is what the file holds from there, `bytes` shows at
 * least its first HEAD_BYTES.
 */
export const frameAt = (bytes: Buffer, at: number, remaining: number): Found => {
  if (remaining < LENGTH_BYTES) return { kind: 'torn', bytes: 0, bucket: undefined };
  const bodyBytes = bytes.readUInt32LE(at);
  const seen = bytes.subarray(at + LENGTH_BYTES, at + Math.min(HEAD_BYTES, remaining));
  const head = seen[0] === 0 ? recordHead(seen) : frameHead(seen);
  if (!head || bodyBytes > MAX_SKIPPED_BYTES || bodyBytes < head.leastBytes) return FOREIGN;
  const bucketEnd = head.bucketAt + head.bucketBytes;
  const name = head.bucketBytes > 0 && bucketEnd <= seen.length ? seen.subarray(head.bucketAt, bucketEnd) : undefined;
  if (name && !isUtf8(name)) return FOREIGN;
  const whole = remaining >= LENGTH_BYTES + bodyBytes;
  return { kind: whole ? 'frame' : 'torn', bytes: LENGTH_BYTES + bodyBytes, bucket: name?.toString() };
};
