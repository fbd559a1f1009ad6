import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { encodeFrame, MAX_FRAME_KEY_BYTES } from '../../../wire/frame';
import { encodeRecord } from '../../../wire/record';
import type { CommandHost } from '../../command';
import { lines, MessageTooLong, repeated, whole } from './input';
import type { SendRequest } from './request';

/** Makes a frame of a message; throws a RangeError where bucket, key or headers do not fit. */
export const encoderOf = ({ bucket, key = '', header }: SendRequest): ((message: Buffer) => Buffer) =>
  header.length === 0 && Buffer.byteLength(key) <= MAX_FRAME_KEY_BYTES
    ? (message) => encodeFrame(bucket, message, key)
    : (message) => encodeRecord(bucket, message, { key: key === '' ? null : key, headers: header });

const LINE_END_BYTES = 1;

type Batches = AsyncIterable<readonly Buffer[]> | Iterable<readonly Buffer[]>;

/** What is sent, and how many bytes those are where it is known. */
export interface Input {
  readonly batches: Batches;
  readonly totalBytes: number | undefined;
  /** Bytes of a frame that are none of `totalBytes`. */
  readonly addedBytes: number;
}

/** What is opened too early fails where nobody listens yet. */
const lazily = async function* <A>(open: () => AsyncIterable<A>): AsyncGenerator<A> {
  yield* open();
};

export const inputOf = async (
  { message, raw, file, count = 1 }: SendRequest,
  { stdin }: Pick<CommandHost, 'stdin'>,
  { encode, maxBytes }: { readonly encode: (message: Buffer) => Buffer; readonly maxBytes: number },
): Promise<Input> => {
  const totalBytes = file === undefined ? undefined : (await stat(resolve(file))).size;
  const chunks = (): AsyncIterable<Buffer> => (file === undefined ? stdin() : createReadStream(resolve(file)));
  if (message === undefined && !raw)
    return {
      ...{ batches: lines(lazily(chunks), maxBytes), totalBytes },
      addedBytes: encode(Buffer.alloc(0)).length - LINE_END_BYTES,
    };
  const one = message === undefined ? await whole(chunks(), maxBytes) : Buffer.from(message);
  if (one.length > maxBytes) throw new MessageTooLong(1, maxBytes);
  return { batches: repeated(one, count), totalBytes: count * encode(one).length, addedBytes: 0 };
};

/** What is wrong with how it was called; nothing is sent before it is known. */
export const usageProblem = (request: SendRequest, encode: (message: Buffer) => Buffer): string | undefined => {
  if (request.message !== undefined && (request.raw || request.file !== undefined))
    return 'expected either MESSAGE or --file and --raw, got both';
  if (request.message === undefined && !request.raw && request.count !== undefined)
    return '--count: expected one message to send so often, MESSAGE or --raw, got lines';
  try {
    encode(Buffer.alloc(0));
    return undefined;
  } catch (error) {
    if (error instanceof RangeError) return error.message;
    throw error;
  }
};
