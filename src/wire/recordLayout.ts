/** The byte behind a bucket length of 0 that says: a record. */
export const RECORD_TYPE = 1;

/** Flags; their sum stands behind the type. */
export const HAS_TIMESTAMP = 1;
export const HAS_PARTITION = 2;
export const KEY_IS_NULL = 4;
export const VALUE_IS_NULL = 8;
export const KNOWN_FLAGS = HAS_TIMESTAMP | HAS_PARTITION | KEY_IS_NULL | VALUE_IS_NULL;

/** Bytes before the bucket: 0, type, flags, bucket length. */
export const RECORD_HEAD_BYTES = 4;
/** A bucket of one byte, no key, no header, no message. */
export const SMALLEST_RECORD_BYTES = RECORD_HEAD_BYTES + 1 + 2 + 2;
export const TIMESTAMP_BYTES = 8;
export const PARTITION_BYTES = 4;

/** Stands for the length of a header's value that is null. */
export const NULL_HEADER = 0xffffffff;
export const MAX_HEADERS = 1000;
