import { isFrames, isRefused, newOrigin, type Decoded, type RefusedReason } from '../../src/model';
import { createDecoder, createDecoderTables, type Decoder, type DecoderOptions } from '../../src/wire/decoder';
import { randomFrom } from '../support/random';
import { pushWiped } from '../support/wiped';
import { meaningOf, type Meaning } from './referenceDecoder';
import { chunksOf, MAX_FRAME, streamOf } from './traffic';

/** A stream that the decoder understood in another way than the reference. */
export class Misread extends Error {
  constructor(
    readonly seed: number,
    readonly what: string,
  ) {
    super(`seed ${seed}: ${what}`);
  }
}

/** Gathers what a decoder emits. */
const createGathered = () => {
  const frames = new Map<string, Buffer[]>();
  const refused = new Map<RefusedReason, { count: number; bytes: number }>();
  const syncs: { token: number; messages: number; good: number }[] = [];
  let bytes = 0;
  return {
    meaning: (): Meaning => ({ frames, refused, syncs }),
    bytes: () => bytes,
    add: (decoded: readonly Decoded[]): void => {
      for (const one of decoded) {
        if (isRefused(one)) {
          const before = refused.get(one.reason) ?? { count: 0, bytes: 0 };
          refused.set(one.reason, { count: before.count + one.count, bytes: before.bytes + one.bytes });
          bytes += one.bytes;
          continue;
        }
        if (!isFrames(one)) {
          syncs.push({ token: one.token, messages: one.origin.messages, good: one.origin.open });
          bytes += one.bytes;
          continue;
        }
        const list = frames.get(one.bucket) ?? [];
        list.push(one.bytes);
        frames.set(one.bucket, list);
        bytes += one.bytes.length;
      }
    },
  };
};

const joined = ({ frames }: Meaning, bucket: string): Buffer => Buffer.concat(frames.get(bucket) ?? []);

/** Where two meanings differ; nothing where they do not. */
const difference = (expected: Meaning, found: Meaning): string | undefined => {
  for (const bucket of new Set([...expected.frames.keys(), ...found.frames.keys()]))
    if (!joined(expected, bucket).equals(joined(found, bucket))) return `other frames for ${JSON.stringify(bucket)}`;
  const texts = [expected, found].map(({ refused, syncs }) => JSON.stringify({ refused: [...refused].sort(), syncs }));
  return texts[0] === texts[1] ? undefined : `expected ${texts[0]}, got ${texts[1]}`;
};

/** What was checked. */
export interface Fuzzed {
  readonly streams: number;
  readonly frames: number;
  readonly refused: Readonly<Record<string, number>>;
}

export interface FuzzOptions {
  readonly seed: number;
  /** How many frames are decoded at least. */
  readonly frames: number;
  /** Default: the daemon's. */
  readonly decoder?: (options: DecoderOptions) => Decoder;
  /** Told after each stream. */
  readonly onStream?: (frames: number) => void;
}

const FRAMES_A_STREAM = 200;

/**
 * Sends streams of good frames, nearly good ones and noise, cut at random, through a decoder and a slow, plain one; all
 * streams share the decoder's tables, as connections do.
 *
 * @throws Misread with the seed of the stream, which alone repeats it
 */
export const fuzzDecoder = ({ seed, frames: wanted, decoder = createDecoder, onStream }: FuzzOptions): Fuzzed => {
  const tables = createDecoderTables();
  const refused: Record<string, number> = {};
  let frames = 0;
  let streams = 0;
  for (; frames < wanted; streams += 1) {
    const streamSeed = seed + streams;
    const random = randomFrom(streamSeed);
    const below = (bound: number): number => Math.floor(random() * bound);
    const bytes = streamOf(below, FRAMES_A_STREAM);
    const found = createGathered();
    const decoding = decoder({ maxFrame: MAX_FRAME, now: () => 0, origin: newOrigin(), nextOrigin: newOrigin, tables });
    let read = 0;
    for (const chunk of chunksOf(below, bytes)) {
      read += chunk.length;
      found.add(pushWiped(decoding, chunk));
      if (decoding.done) break;
      if (found.bytes() + decoding.pending !== read)
        throw new Misread(streamSeed, `${found.bytes()} bytes decoded and ${decoding.pending} kept of ${read}`);
    }
    found.add(decoding.end());
    // After noise nothing is read: what the reference has behind it is left out of both.
    const expected = meaningOf(decoding.done ? bytes.subarray(0, read) : bytes, MAX_FRAME);
    const wrong = difference(expected, found.meaning());
    if (wrong !== undefined) throw new Misread(streamSeed, wrong);
    for (const [reason, { count }] of expected.refused) refused[reason] = (refused[reason] ?? 0) + count;
    frames += [...expected.frames.values(), [...expected.refused].map(([, { count }]) => count)].reduce(
      (sum, list) => sum + list.reduce<number>((n, one) => n + (typeof one === 'number' ? one : 1), 0),
      0,
    );
    onStream?.(frames);
  }
  return { streams, frames, refused };
};
