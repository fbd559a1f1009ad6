import { gunzipSync } from 'node:zlib';
import { uncompressSync } from 'snappy';
import { createSlots } from '../../../src/control/slots';
import type { Slots } from '../../../src/model';
import { compressor } from '../../../src/sinks/kafka/compression';

const small = Buffer.from('compress '.repeat(100));
const large = Buffer.from('compress '.repeat(10_000));
const noise = Buffer.from(Array.from({ length: 50 }, (_, n) => (n * 167) % 251));

/** Slots that count what ran in them. */
const countingSlots = (size: number): Slots & { runs: number } => {
  const slots = createSlots(size);
  const counting = {
    size,
    runs: 0,
    run: <A>(work: () => Promise<A>) => {
      counting.runs += 1;
      return slots.run(work);
    },
  };
  return counting;
};

describe('compressor', () => {
  it('none: sends the records themselves', () => {
    expect(compressor('none', -1, createSlots(1))(large)).toEqual({ payload: large, codec: 0 });
  });

  it.each([small, large])('snappy: writes a raw block, at once', (records) => {
    const compressed = compressor('snappy', -1, createSlots(1))(records);
    if (compressed instanceof Promise) throw new Error('expected it at once');
    expect(compressed.codec).toBe(2);
    expect(uncompressSync(compressed.payload)).toEqual(records);
  });

  it('gzip: compresses large batches on the pool', async () => {
    const slots = countingSlots(1);
    const compressed = compressor('gzip', -1, slots)(large);
    expect(compressed).toBeInstanceOf(Promise);
    const { codec, payload } = await compressed;
    expect(codec).toBe(1);
    expect(gunzipSync(payload)).toEqual(large);
    expect(slots.runs).toBe(1);
  });

  it.each([
    ['small batches', small, 1],
    ['everything where the pool is not to be used', large, 0],
  ])('gzip: compresses %s in the loop', (_, records, size) => {
    const slots = countingSlots(size);
    const compressed = compressor('gzip', 9, slots)(records);
    if (compressed instanceof Promise) throw new Error('expected it at once');
    expect(gunzipSync(compressed.payload)).toEqual(records);
    expect(slots.runs).toBe(0);
  });

  it.each(['gzip', 'snappy'] as const)('%s: leaves records alone that would grow', async (codec) => {
    expect(await compressor(codec, -1, createSlots(1))(noise)).toEqual({ payload: noise, codec: 0 });
  });
});
