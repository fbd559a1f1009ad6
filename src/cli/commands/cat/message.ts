import type { MessageCursor } from '../../../wire/messageCursor';
import { bucketAt, messageFields } from '../../../wire/messageFields';
import { printableJson, printableLines } from '../../printable';
import type { CatRequest } from './request';

/** Where a message stands. */
export interface Place {
  readonly file: string;
  /** Of the bytes that the cursor walks, in the file. */
  readonly at: number;
  /** For messages that do not say when they came. Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** The message at the cursor as a line of JSON; on a terminal nothing in it moves or paints. */
export const jsonLine = (
  bytes: Buffer,
  cursor: MessageCursor,
  { file, at, modifiedMs }: Place,
  isTerminal: boolean,
): string => {
  const text = isTerminal ? printableJson : JSON.stringify;
  return `${text({ ...messageFields(bytes, cursor, modifiedMs), offset: at + cursor.start, file })}\n`;
};

const LINE_END = Buffer.of(0x0a);

/** The message alone, with a line end, as {@link jsonLine} on a terminal; a tombstone has nothing in it. */
export const rawLine = (bytes: Buffer, cursor: MessageCursor, isTerminal: boolean): Buffer => {
  const message = bytes.subarray(cursor.valueStart, cursor.end);
  return Buffer.concat([isTerminal ? printableLines(message) : message, LINE_END]);
};

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
