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
export const encodeFrame = (bucket: string, message: Uint8Array | string, key: Uint8Array | string = ''): Buffer => {
  const name = Buffer.from(bucket);
  const keyBytes = Buffer.from(key);
  const body = Buffer.from(message);
  if (name.length < 1 || name.length > MAX_BUCKET_BYTES)
    throw new RangeError(`bucket: expected 1 to ${MAX_BUCKET_BYTES} bytes, got ${name.length}`);
  if (keyBytes.length > MAX_FRAME_KEY_BYTES)
    throw new RangeError(`key: expected at most ${MAX_FRAME_KEY_BYTES} bytes, got ${keyBytes.length}`);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(2 + name.length + keyBytes.length + body.length);
  return Buffer.concat([length, Buffer.of(name.length), name, Buffer.of(keyBytes.length), keyBytes, body]);
};
