/** Frames that micro-benchmarks work on: the messages of the bench. */
import { encodeFrame } from '../../src/wire/frame';
import { messagePool } from '../messages';

const MESSAGE_BYTES = 200;
/** As much as a socket gives at once. */
const CHUNK_BYTES = 64 * 1024;
export const BUCKET = 'requests';

/** Whole frames. */
export interface Chunk {
  readonly bytes: Buffer;
  readonly count: number;
}

const MESSAGES = messagePool(MESSAGE_BYTES);

/** So many frames, each of the next of `buckets`. */
export const framesOf = (count: number, buckets: readonly string[] = [BUCKET], key = ''): readonly Buffer[] =>
  Array.from({ length: count }, (_, i) =>
    encodeFrame(buckets[i % buckets.length] ?? BUCKET, MESSAGES[i % MESSAGES.length] ?? '', key),
  );

/** As many frames as a chunk of a socket holds whole. */
export const chunkOf = (buckets: readonly string[] = [BUCKET], key = ''): Chunk => {
  const [first] = framesOf(1, buckets, key);
  const count = Math.floor(CHUNK_BYTES / (first?.length ?? 1));
  return { bytes: Buffer.concat(framesOf(count, buckets, key)), count };
};

/** Names of one length. */
export const bucketsOf = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => `bucket-${String(i).padStart(2, '0')}`);
