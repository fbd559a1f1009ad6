import type { MessageCursor } from '../../../wire/messageCursor';
import { bucketAt, messageFields } from '../../../wire/messageFields';
import type { CatRequest } from './request';

/** Where a message stands. */
export interface Place {
  readonly file: string;
  /** Of the bytes that the cursor walks, in the file. */
  readonly at: number;
  /** For messages that do not say when they came. Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** The message at the cursor as a line of JSON. */
export const jsonLine = (bytes: Buffer, cursor: MessageCursor, { file, at, modifiedMs }: Place): string =>
  `${JSON.stringify({ ...messageFields(bytes, cursor, modifiedMs), offset: at + cursor.start, file })}\n`;

const LINE_END = Buffer.of(0x0a);

/** The message alone, with a line end; a tombstone has nothing in it. */
export const rawLine = (bytes: Buffer, cursor: MessageCursor): Buffer =>
  Buffer.concat([bytes.subarray(cursor.valueStart, cursor.end), LINE_END]);

/** Whether the message at the cursor is asked for. */
export const isWanted = (
  bytes: Buffer,
  cursor: MessageCursor,
  { modifiedMs }: Pick<Place, 'modifiedMs'>,
  { bucket, since = -Infinity, until = Infinity, grep }: Pick<CatRequest, 'bucket' | 'since' | 'until' | 'grep'>,
): boolean => {
  const ms = cursor.timestampMs ?? modifiedMs;
  return (
    ms >= since &&
    ms < until &&
    (bucket.length === 0 || bucket.includes(bucketAt(bytes, cursor))) &&
    (grep === undefined || grep.test(bytes.toString('utf8', cursor.valueStart, cursor.end)))
  );
};
