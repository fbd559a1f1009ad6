import { gunzipSync } from 'node:zlib';
import { decompress as unzstd } from '@mongodb-js/zstd';
import * as E from 'fp-ts/Either';
import { decompressFrameSync } from 'lz4-napi';
import { uncompressSync } from 'snappy';
import { createSlots } from '../../../src/control/slots';
import type { Slots } from '../../../src/model';
import { loadCompression, type Compress } from '../../../src/sinks/kafka/compression';
import type { CodecName } from '../../../src/sinks/kafka/settings';

/** Alike in runs that are longer than what the fastest codecs look for, so that levels differ. */
const text = (bytes: number): Buffer =>
  Buffer.from(
    Array.from({ length: bytes / 8 }, (_, n) => ((n * n * 31) % 100_003).toString(36).padStart(8, ' key=val')).join(''),
  );

const small = text(1024);
const large = text(512 * 1024);
/** By name: jest would print them in the titles. */
const RECORDS = { small, middle: text(96 * 1024), large };
const noise = Buffer.from(Array.from({ length: 50 }, (_, n) => (n * 167) % 251));

/** Slots that count what ran in them, and how much of it at once. */
const countingSlots = (size: number): Slots & { runs: number; most: number } => {
  const slots = createSlots(size);
  let now = 0;
  const counting = {
    size,
    runs: 0,
    most: 0,
    run: <A>(work: () => Promise<A>) => {
      counting.runs += 1;
      return slots.run(async () => {
        now += 1;
        counting.most = Math.max(counting.most, now);
        const result = await work();
        now -= 1;
        return result;
      });
    },
  };
  return counting;
};

const load = async (name: CodecName, level: number, slots: Slots): Promise<Compress> => {
  const loaded = await loadCompression(name, level, slots)();
  if (E.isLeft(loaded)) throw new Error(loaded.left);
  return loaded.right;
};

const NUMBERS: Readonly<Record<Exclude<CodecName, 'none'>, number>> = { gzip: 1, snappy: 2, lz4: 3, zstd: 4 };

const expand = (codec: number, payload: Buffer): Promise<Buffer> | Buffer => {
  if (codec === NUMBERS.gzip) return gunzipSync(payload);
  if (codec === NUMBERS.snappy) return Buffer.from(uncompressSync(payload));
  return codec === NUMBERS.lz4 ? decompressFrameSync(payload) : unzstd(payload);
};

describe('loadCompression', () => {
  it('none: sends the records themselves', async () => {
    const compress = await load('none', -1, createSlots(1));
    expect(compress(large)).toEqual({ payload: large, codec: 0 });
  });

  it.each([
    ['gzip', 'small', 'loop', 1],
    ['gzip', 'large', 'pool', 1],
    ['gzip', 'large', 'loop', 0],
    ['snappy', 'small', 'loop', 1],
    ['snappy', 'large', 'loop', 1],
    ['snappy', 'large', 'loop', 0],
    ['lz4', 'small', 'loop', 1],
    ['lz4', 'large', 'pool', 1],
    ['lz4', 'large', 'loop', 0],
    ['zstd', 'small', 'pool', 1],
    ['zstd', 'large', 'pool', 1],
  ] as const)('%s: compresses %s batches in the %s with %d slots', async (name, kind, where, size) => {
    const records = RECORDS[kind];
    const slots = countingSlots(size);
    const compressed = (await load(name, -1, slots))(records);
    expect(compressed instanceof Promise ? 'pool' : 'loop').toBe(where);
    expect(slots.runs).toBe(where === 'pool' ? 1 : 0);
    const { codec, payload } = await compressed;
    expect(codec).toBe(NUMBERS[name]);
    expect(payload.length).toBeLessThan(records.length);
    expect(records.equals(await expand(codec, payload))).toBe(true);
  });

  it('zstd: goes to the pool without slots too, by itself, as it knows no other way', async () => {
    const slots = countingSlots(0);
    const compress = await load('zstd', -1, slots);
    const all = await Promise.all([large, small, large].map(async (records) => compress(records)));
    expect(slots.runs).toBe(0);
    const expanded = await Promise.all(all.map(async ({ codec, payload }) => expand(codec, payload)));
    expect(expanded.map((each, n) => each.equals(n === 1 ? small : large))).toEqual([true, true, true]);
  });

  it('takes no more of the pool than there are slots', async () => {
    const slots = countingSlots(2);
    const compress = await load('lz4', -1, slots);
    await Promise.all(Array.from({ length: 8 }, async () => compress(large)));
    expect(slots).toMatchObject({ runs: 8, most: 2 });
  });

  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s: leaves records alone that would grow', async (name) => {
    expect(await (await load(name, -1, createSlots(1)))(noise)).toEqual({ payload: noise, codec: 0 });
  });

  it.each([
    ['gzip', 1, 9],
    ['zstd', 1, 12],
  ] as const)('%s: level %d leaves more bytes than level %d', async (name, low, high) => {
    const [more, less] = await Promise.all(
      [low, high].map(async (level) => (await load(name, level, createSlots(1)))(large)),
    );
    expect(less?.payload.length).toBeLessThan(more?.payload.length ?? 0);
  });

  it.each([
    ['gzip', 6],
    ['zstd', 3],
    ['zstd', 0],
  ] as const)('%s: level -1 is level %d', async (name, level) => {
    const [byDefault, given] = await Promise.all(
      [-1, level].map(async (each) => (await load(name, each, createSlots(1)))(large)),
    );
    expect(byDefault?.payload.equals(given?.payload ?? noise)).toBe(true);
  });

  // KIP-57; the frame descriptor of the LZ4 frame format: version 1, independent blocks, nothing else.
  it.each([
    ['small', 0x40],
    ['middle', 0x50],
    ['large', 0x70],
  ] as const)('lz4: writes %s batches as a frame of independent blocks, nothing else', async (kind, blockSize) => {
    const { payload } = await (await load('lz4', -1, createSlots(0)))(RECORDS[kind]);
    expect([...payload.subarray(0, 6)]).toEqual([0x04, 0x22, 0x4d, 0x18, 0x60, blockSize]);
  });
});
