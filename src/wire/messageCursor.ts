import { LENGTH_BYTES } from './frame';

/**
 * Walks the messages of whole, well-formed version 1 frames by position, without an object a message.
 *
 * ```ts
 * const cursor = new MessageCursor(frames.bytes);
 * while (cursor.next()) bytes.toString('utf8', cursor.valueStart, cursor.end);
 * ```
 */
export class MessageCursor {
  /** Where the current frame starts, with its length. */
  start = 0;
  keyStart = 0;
  /** Where the key ends and the message starts. */
  valueStart = 0;
  /** Where the message and its frame end. */
  end = 0;

  constructor(private bytes: Buffer) {}

  /** Starts over on other bytes. */
  reset(bytes: Buffer): this {
    this.bytes = bytes;
    this.end = 0;
    return this;
  }

  /** Moves to the next message; false at the end. */
  next(): boolean {
    const { bytes, end } = this;
    if (end >= bytes.length) return false;
    const bucketStart = end + LENGTH_BYTES + 1;
    const keyLengthAt = bucketStart + (bytes[bucketStart - 1] ?? 0);
    this.start = end;
    this.keyStart = keyLengthAt + 1;
    this.valueStart = this.keyStart + (bytes[keyLengthAt] ?? 0);
    this.end = end + LENGTH_BYTES + bytes.readUInt32LE(end);
    return true;
  }
}
