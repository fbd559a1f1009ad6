import { isUtf8 } from 'node:buffer';
import { MessageCursor, type Frames } from 'kahets';
import type { Settings } from './settings';

export const CONTENT_TYPES: Readonly<Record<Settings['format'], string>> = {
  lines: 'application/x-ndjson',
  array: 'application/json',
};

/** A message as JSON has no bytes: what is no text goes in base64. */
const content = (bytes: Buffer): object =>
  isUtf8(bytes) ? { message: bytes.toString() } : { base64: bytes.toString('base64') };

/** One message as a JSON object: `{"bucket":"orders","key":"7","message":"…"}`. A text of its own: it outlives the batch. */
export const encodeMessage = ({ bucket, bytes }: Frames): string => {
  const cursor = new MessageCursor(bytes);
  cursor.next();
  const key = bytes.toString('utf8', cursor.keyStart, cursor.keyEnd);
  return JSON.stringify({
    bucket,
    ...(key !== '' && { key }),
    ...content(bytes.subarray(cursor.valueStart, cursor.end)),
  });
};

export const bodyOf = (messages: readonly string[], format: Settings['format']): string =>
  format === 'lines' ? messages.map((message) => `${message}\n`).join('') : `[${messages.join(',')}]`;
