import { isUtf8 } from 'node:buffer';
import { LENGTH_BYTES } from '../../../wire/frame';
import type { MessageCursor } from '../../../wire/messageCursor';
import { NULL_HEADER, RECORD_HEAD_BYTES } from '../../../wire/recordLayout';
import { timeText } from '../../texts';
import type { CatRequest } from './request';

/** Where a message stands. */
export interface Place {
  readonly file: string;
  /** Of the bytes that the cursor walks, in the file. */
  readonly at: number;
  /** For messages that do not say when they came. Milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** A well-formed frame names its bucket behind its length, a record behind its type and flags. */
const bucketOf = (bytes: Buffer, { start, isRecord }: MessageCursor): string => {
  const at = start + LENGTH_BYTES + (isRecord ? RECORD_HEAD_BYTES : 1);
  return bytes.toString('utf8', at, at + (bytes[at - 1] ?? 0));
};

const valueOf = (bytes: Buffer, { valueStart, end, valueIsNull }: MessageCursor): Buffer | null =>
  valueIsNull ? null : bytes.subarray(valueStart, end);

/** Text where it is UTF-8, else Base64 under another name. */
const textField = (name: string, value: Buffer | null): object =>
  value === null
    ? { [name]: null }
    : isUtf8(value)
      ? { [name]: value.toString() }
      : { [`${name}Base64`]: value.toString('base64') };

const headersOf = (bytes: Buffer, { headerCount, headersStart }: MessageCursor): readonly object[] => {
  let at = headersStart;
  return Array.from({ length: headerCount }, () => {
    const nameEnd = at + 2 + bytes.readUInt16LE(at);
    const name = bytes.toString('utf8', at + 2, nameEnd);
    const length = bytes.readUInt32LE(nameEnd);
    const valueStart = nameEnd + 4;
    at = length === NULL_HEADER ? valueStart : valueStart + length;
    return { name, ...textField('value', length === NULL_HEADER ? null : bytes.subarray(valueStart, at)) };
  });
};

/** The message at the cursor as a line of JSON. */
export const jsonLine = (bytes: Buffer, cursor: MessageCursor, { file, at, modifiedMs }: Place): string => {
  const { keyStart, keyEnd, partition, headerCount, start } = cursor;
  const key = bytes.subarray(keyStart, keyEnd);
  const message = {
    bucket: bucketOf(bytes, cursor),
    timestamp: timeText(cursor.timestampMs ?? modifiedMs),
    ...(key.length > 0 && textField('key', key)),
    ...(headerCount > 0 && { headers: headersOf(bytes, cursor) }),
    ...(partition !== undefined && { partition }),
    ...textField('message', valueOf(bytes, cursor)),
    ...{ offset: at + start, file },
  };
  return `${JSON.stringify(message)}\n`;
};

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
    (bucket.length === 0 || bucket.includes(bucketOf(bytes, cursor))) &&
    (grep === undefined || grep.test(bytes.toString('utf8', cursor.valueStart, cursor.end)))
  );
};
