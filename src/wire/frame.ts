import { ByteWriter, sizeOf, type Bytes } from './byteWriter';

/** Bytes of the length that starts every frame; it counts the body alone. */
export const LENGTH_BYTES = 4;

/** What a length byte can say: of the name of a bucket, and of the key of a version 1 frame. */
export const MAX_BUCKET_BYTES = 255;
export const MAX_FRAME_KEY_BYTES = 255;

/** A frame may claim this much and be skipped; a longer one is no frame at all, and nothing after it can be trusted. */
export const MAX_SKIPPED_BYTES = 64 * 1024 * 1024;

/**
 * One version 1 frame: `length:u32le bucketLength:u8 bucket keyLength:u8 key message`.
 *
 * @throws RangeError when bucket (1 to 255 bytes of UTF-8) or key (0 to 255 bytes) do not fit their length byte.
 */
export const encodeFrame = (bucket: string, message: Bytes, key: Bytes = ''): Buffer => {
  const nameBytes = sizeOf(bucket);
  const keyBytes = sizeOf(key);
  if (nameBytes < 1 || nameBytes > MAX_BUCKET_BYTES)
    throw new RangeError(`bucket: expected 1 to ${MAX_BUCKET_BYTES} bytes, got ${nameBytes}`);
  if (keyBytes > MAX_FRAME_KEY_BYTES)
    throw new RangeError(`key: expected at most ${MAX_FRAME_KEY_BYTES} bytes, got ${keyBytes}`);
  const length = 1 + nameBytes + 1 + keyBytes + sizeOf(message);
  const frame = new ByteWriter(LENGTH_BYTES + length).u32(length);
  return frame.u8(nameBytes).bytes(bucket).u8(keyBytes).bytes(key).bytes(message).written;
};
