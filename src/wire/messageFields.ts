import { isUtf8 } from 'node:buffer';
import { LENGTH_BYTES } from './frame';
import { headersAt } from './headers';
import type { MessageCursor } from './messageCursor';
import { RECORD_HEAD_BYTES } from './recordLayout';
import { timeText } from './timeText';

/** A well-formed frame names its bucket behind its length, a record behind its type and flags. */
export const bucketAt = (bytes: Buffer, { start, isRecord }: MessageCursor): string => {
  const at = start + LENGTH_BYTES + (isRecord ? RECORD_HEAD_BYTES : 1);
  return bytes.toString('utf8', at, at + (bytes[at - 1] ?? 0));
};

/** The first `most` bytes, or up to three less, so that no character of UTF-8 is cut. */
const cut = (value: Buffer, most: number): Buffer => {
  if (value.length <= most) return value;
  let end = most;
  while (end > Math.max(0, most - 3) && ((value[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return value.subarray(0, end);
};

/** Text where it is UTF-8, else Base64 under another name. Where it is cut it is told how long it was. */
const textField = (name: string, value: Buffer | null, most: number): object => {
  if (value === null) return { [name]: null };
  const shown = cut(value, most);
  return {
    ...(isUtf8(shown) ? { [name]: shown.toString() } : { [`${name}Base64`]: shown.toString('base64') }),
    ...(shown.length < value.length && { [`${name}Bytes`]: value.length }),
  };
};

/** The headers, as far as all of them together have no more than `most` bytes. */
const headerFields = (bytes: Buffer, cursor: MessageCursor, most: number): readonly object[] => {
  const fields: object[] = [];
  for (const { name, value, end } of headersAt(bytes, cursor)) {
    if (end - cursor.headersStart > most) break;
    fields.push({ name, ...textField('value', value, Infinity) });
  }
  return fields;
};

/**
 * What the message at the cursor says, for JSON: bucket, timestamp, key, headers, partition, message. Keeps none of its bytes.
 *
 * @param arrivedMs the time of a message that does not say its own
 * @param mostBytes of key, of headers and of message, each; what is longer is cut, and `messageBytes` and the like say how long it was
 */
export const messageFields = (
  bytes: Buffer,
  cursor: MessageCursor,
  arrivedMs: number,
  mostBytes = Infinity,
): Readonly<Record<string, unknown>> => {
  const { keyStart, keyEnd, partition, headerCount, valueStart, valueIsNull, end, timestampMs } = cursor;
  const headers = headerFields(bytes, cursor, mostBytes);
  return {
    bucket: bucketAt(bytes, cursor),
    timestamp: timeText(timestampMs ?? arrivedMs),
    ...(keyEnd > keyStart && textField('key', bytes.subarray(keyStart, keyEnd), mostBytes)),
    ...(headers.length > 0 && { headers }),
    ...(headers.length < headerCount && { headersLeftOut: headerCount - headers.length }),
    ...(partition !== undefined && { partition }),
    ...textField('message', valueIsNull ? null : bytes.subarray(valueStart, end), mostBytes),
  };
};
