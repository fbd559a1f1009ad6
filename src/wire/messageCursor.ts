import { LENGTH_BYTES } from './frame';
import {
  HAS_PARTITION,
  HAS_TIMESTAMP,
  KEY_IS_NULL,
  NULL_HEADER,
  PARTITION_BYTES,
  TIMESTAMP_BYTES,
  VALUE_IS_NULL,
} from './recordLayout';

/** Two halves, since a BigInt would be an object; the same number that `Number(bytes.readBigInt64LE(at))` is. */
const readInt64 = (bytes: Buffer, at: number): number =>
  bytes.readInt32LE(at + 4) * 0x100000000 + bytes.readUInt32LE(at);

/**
 * Walks the messages of whole, well-formed frames by position, without an object a message: version 1 frames and type 1 records.
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
  keyEnd = 0;
  /** Where the message starts. */
  valueStart = 0;
  /** Where the message and its frame end. */
  end = 0;
  /** A type 1 record. A version 1 frame has what follows as it is here. */
  isRecord = false;
  keyIsNull = false;
  valueIsNull = false;
  /** Milliseconds since 1970; undefined: the time of arrival. */
  timestampMs: number | undefined = undefined;
  /** Undefined: the partitioner's choice. */
  partition: number | undefined = undefined;
  headerCount = 0;
  /** Where the first header starts: `{ nameLength:u16 name valueLength:u32 value }*`. */
  headersStart = 0;

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
    this.moveTo(end);
    return true;
  }

  /** Moves to the message whose frame starts at `start`. */
  moveTo(start: number): void {
    const { bytes } = this;
    const bucketStart = start + LENGTH_BYTES + 1;
    const bucketLength = bytes[bucketStart - 1] ?? 0;
    this.start = start;
    this.end = start + LENGTH_BYTES + bytes.readUInt32LE(start);
    if (bucketLength === 0) {
      this.readRecord(bucketStart + 1);
      return;
    }
    if (this.isRecord) this.forgetRecord();
    const keyLengthAt = bucketStart + bucketLength;
    this.keyStart = keyLengthAt + 1;
    this.keyEnd = this.keyStart + (bytes[keyLengthAt] ?? 0);
    this.valueStart = this.keyEnd;
  }

  private forgetRecord(): void {
    this.isRecord = false;
    this.keyIsNull = false;
    this.valueIsNull = false;
    this.timestampMs = undefined;
    this.partition = undefined;
    this.headerCount = 0;
    this.headersStart = 0;
  }

  /** Reads a record from its flags on. */
  private readRecord(flagsAt: number): void {
    const { bytes } = this;
    this.isRecord = true;
    const flags = bytes[flagsAt] ?? 0;
    const keyLengthAt = flagsAt + 2 + (bytes[flagsAt + 1] ?? 0);
    this.keyIsNull = (flags & KEY_IS_NULL) !== 0;
    this.valueIsNull = (flags & VALUE_IS_NULL) !== 0;
    this.keyStart = keyLengthAt + 2;
    this.keyEnd = this.keyStart + bytes.readUInt16LE(keyLengthAt);
    let at = this.keyEnd;
    this.timestampMs = undefined;
    if (flags & HAS_TIMESTAMP) {
      this.timestampMs = readInt64(bytes, at);
      at += TIMESTAMP_BYTES;
    }
    this.partition = undefined;
    if (flags & HAS_PARTITION) {
      this.partition = bytes.readInt32LE(at);
      at += PARTITION_BYTES;
    }
    this.headerCount = bytes.readUInt16LE(at);
    this.headersStart = at + 2;
    at += 2;
    for (let n = 0; n < this.headerCount; n += 1) {
      at += 2 + bytes.readUInt16LE(at);
      const valueLength = bytes.readUInt32LE(at);
      at += 4 + (valueLength === NULL_HEADER ? 0 : valueLength);
    }
    this.valueStart = at;
  }
}
