import { encodeFrame, LENGTH_BYTES, MAX_FRAME_KEY_BYTES } from '../../wire/frame';
import { encodeRecord } from '../../wire/record';
import type { MessageOptions } from './api';

const isPlain = ({ key, timestampMs, partition, headers }: MessageOptions): boolean =>
  key !== null &&
  timestampMs === undefined &&
  partition === undefined &&
  headers === undefined &&
  Buffer.byteLength(key ?? '') <= MAX_FRAME_KEY_BYTES;

/**
 * The frame of a message: of version 1 where that can say it, else a record.
 *
 * @throws RangeError where a part of it does not fit, or its body has more than `maxFrameBytes`
 */
export const encodeMessage = (
  bucket: string,
  message: Uint8Array | string | null,
  options: MessageOptions,
  maxFrameBytes: number,
): Buffer => {
  const frame =
    message !== null && isPlain(options)
      ? encodeFrame(bucket, message, options.key ?? '')
      : encodeRecord(bucket, message, { key: '', ...options });
  const bodyBytes = frame.length - LENGTH_BYTES;
  if (bodyBytes > maxFrameBytes)
    throw new RangeError(`message: expected a frame of at most ${maxFrameBytes} bytes, got ${bodyBytes}`);
  return frame;
};
