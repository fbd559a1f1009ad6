import { readFileSync } from 'node:fs';
import path from 'node:path';
import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { encodeRecord } from '../../src/wire/record';

/** A message as frames.json has it: bytes in hexadecimal, null for what is null or not given. docs/protocol.md says more. */
export type VectorMessage =
  | { readonly as: 'frame'; readonly bucket: string; readonly key: string; readonly message: string }
  | {
      readonly as: 'record';
      readonly bucket: string;
      readonly key: string | null;
      readonly message: string | null;
      readonly timestampMs: number | null;
      readonly partition: number | null;
      readonly headers: readonly (readonly [name: string, value: string | null])[];
    };

interface FrameVector {
  readonly name: string;
  /** Hexadecimal; spaces for the eye. */
  readonly bytes: string;
  /** In the order of the bytes. */
  readonly accepted: readonly VectorMessage[];
  /** Frames refused by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

interface VectorFile {
  /** The longest body that the decoder of these takes. */
  readonly maxFrame: number;
  readonly vectors: readonly FrameVector[];
}

export const { maxFrame, vectors: frameVectors } = JSON.parse(
  readFileSync(path.join(__dirname, 'frames.json'), 'utf8'),
) as VectorFile;

/** Those without anything refused. */
export const goodVectors = frameVectors.filter(({ refused }) => Object.keys(refused).length === 0);

export const fromHex = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

const bytesOf = (hex: string | null): Buffer | null => (hex === null ? null : fromHex(hex));

export const encodeMessage = (given: VectorMessage): Buffer =>
  given.as === 'frame'
    ? encodeFrame(given.bucket, fromHex(given.message), fromHex(given.key))
    : encodeRecord(given.bucket, bytesOf(given.message), {
        key: bytesOf(given.key),
        timestampMs: given.timestampMs ?? undefined,
        partition: given.partition ?? undefined,
        headers: given.headers.map(([name, value]) => [name, bytesOf(value)]),
      });

const headersAt = (bytes: Buffer, { headersStart, headerCount }: MessageCursor): [string, string | null][] => {
  let at = headersStart;
  return Array.from({ length: headerCount }, () => {
    const nameEnd = at + 2 + bytes.readUInt16LE(at);
    const name = bytes.toString('utf8', at + 2, nameEnd);
    const length = bytes.readUInt32LE(nameEnd);
    at = nameEnd + 4 + (length === 0xffffffff ? 0 : length);
    return [name, length === 0xffffffff ? null : bytes.toString('hex', nameEnd + 4, at)];
  });
};

/** The message where the cursor stands. */
export const messageAt = (bucket: string, bytes: Buffer, cursor: MessageCursor): VectorMessage => {
  const key = bytes.toString('hex', cursor.keyStart, cursor.keyEnd);
  const message = bytes.toString('hex', cursor.valueStart, cursor.end);
  if (!cursor.isRecord) return { as: 'frame', bucket, key, message };
  return {
    as: 'record',
    bucket,
    key: cursor.keyIsNull ? null : key,
    message: cursor.valueIsNull ? null : message,
    timestampMs: cursor.timestampMs ?? null,
    partition: cursor.partition ?? null,
    headers: headersAt(bytes, cursor),
  };
};

/** The messages of whole frames of one bucket. */
export const messagesIn = ({ bucket, bytes }: { bucket: string; bytes: Buffer }): readonly VectorMessage[] => {
  const cursor = new MessageCursor(bytes);
  const found: VectorMessage[] = [];
  while (cursor.next()) found.push(messageAt(bucket, bytes, cursor));
  return found;
};

/** By bucket; those of one bucket stay in order. */
export const byBucket = (messages: readonly VectorMessage[]): readonly VectorMessage[] =>
  messages.toSorted((one, other) => (one.bucket < other.bucket ? -1 : one.bucket > other.bucket ? 1 : 0));
