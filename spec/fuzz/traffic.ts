/** Bytes as good clients, careless clients and noise send them. */
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { encodeSync } from '../../src/wire/sync';

/** A whole number, at least 0, below `bound`. */
export type Below = (bound: number) => number;

/** Longer bodies are refused: small, so that a few bytes are enough to be too large. */
export const MAX_FRAME = 300;

const BUCKETS = ['a', 'b', 'orders', 'ä', '日本', '__proto__', 'x'.repeat(255)];

const pick = <A>(below: Below, list: readonly [A, ...A[]]): A => list[below(list.length)] ?? list[0];

const bytesOf = (below: Below, most: number): Buffer => {
  const bytes = Buffer.allocUnsafe(below(most + 1));
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = below(256);
  return bytes;
};

const bucketOf = (below: Below): string => BUCKETS[below(BUCKETS.length)] ?? 'a';

const goodFrame = (below: Below): Buffer => encodeFrame(bucketOf(below), bytesOf(below, 30), bytesOf(below, 8));

const goodRecord = (below: Below): Buffer => {
  return encodeRecord(bucketOf(below), below(8) === 0 ? null : bytesOf(below, 30), {
    key: below(3) === 0 ? null : bytesOf(below, 8),
    timestampMs: below(2) === 0 ? undefined : below(2 ** 31),
    partition: below(2) === 0 ? undefined : below(100),
    headers: Array.from({ length: below(4) }, () => ['h'.repeat(below(4)), below(4) === 0 ? null : bytesOf(below, 6)]),
  });
};

const sync = (below: Below): Buffer => encodeSync(below(2 ** 32));

/** One byte is another one. In the length it moves all that follows. */
const flipped = (below: Below): Buffer => {
  const frame = pick(below, [goodFrame, goodRecord, goodFrame, goodRecord, sync])(below);
  // The upper bytes of a length make most of it noise, which ends a stream: seldom.
  const from = below(50) === 0 ? 0 : 4;
  frame[from + below(frame.length - from)] = below(256);
  return frame;
};

/** A true length, and a body of anything. */
const anyBody = (below: Below): Buffer => {
  const body = bytesOf(below, 60);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  return Buffer.concat([length, body]);
};

const tooLarge = (below: Below): Buffer => {
  const frame = Buffer.alloc(4 + MAX_FRAME + 1 + below(600), 1);
  frame.writeUInt32LE(frame.length - 4);
  return frame;
};

const LENGTHS = [0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 64 * 1024 * 1024, 64 * 1024 * 1024 + 1];

/** A length that nothing follows up. */
const lie = (below: Below): Buffer => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(LENGTHS[below(LENGTHS.length)] ?? 0);
  return length;
};

const noise = (below: Below): Buffer =>
  below(2) === 0 ? Buffer.from('GET / HTTP/1.1\r\nHost: kahets\r\n\r\n') : bytesOf(below, 100);

const frameOf = (below: Below): Buffer => {
  const chance = below(1000);
  if (chance < 50) return sync(below);
  if (chance < 450) return goodFrame(below);
  if (chance < 750) return goodRecord(below);
  if (chance < 900) return flipped(below);
  if (chance < 979) return anyBody(below);
  if (chance < 999) return tooLarge(below);
  return below(2) === 0 ? lie(below) : noise(below);
};

/** What one connection sends: up to `frames` frames, mostly good ones; it may end anywhere. */
export const streamOf = (below: Below, frames: number): Buffer => {
  const bytes = Buffer.concat(Array.from({ length: 1 + below(frames) }, () => frameOf(below)));
  return below(4) === 0 ? bytes.subarray(0, below(bytes.length + 1)) : bytes;
};

/** The same bytes as they might be read: in one piece, byte by byte, or cut anywhere. */
export function* chunksOf(below: Below, bytes: Buffer): Generator<Buffer> {
  // Byte by byte costs the most, and finds no more.
  const most = below(20) === 0 ? 1 : pick(below, [bytes.length, 16, 200, 4096]);
  for (let at = 0; at < bytes.length;) {
    const length = Math.min(bytes.length - at, 1 + below(most));
    // A copy with nothing around it: reading past the end is not to go well by chance.
    yield Buffer.from(bytes.subarray(at, at + length));
    at += length;
  }
}
