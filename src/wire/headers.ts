import type { MessageCursor } from './messageCursor';
import { NULL_HEADER } from './recordLayout';

/** A header of a record; `value` is a view. */
export interface Header {
  readonly name: string;
  readonly value: Buffer | null;
  /** Where it ends. */
  readonly end: number;
}

/** The headers of the message at the cursor, one after the other. */
export function* headersAt(bytes: Buffer, { headerCount, headersStart }: MessageCursor): Generator<Header> {
  let end = headersStart;
  for (let n = 0; n < headerCount; n += 1) {
    const nameEnd = end + 2 + bytes.readUInt16LE(end);
    const name = bytes.toString('utf8', end + 2, nameEnd);
    const length = bytes.readUInt32LE(nameEnd);
    const start = nameEnd + 4;
    end = length === NULL_HEADER ? start : start + length;
    yield { name, value: length === NULL_HEADER ? null : bytes.subarray(start, end), end };
  }
}
