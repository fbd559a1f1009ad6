import { crc32c } from '@node-rs/crc32';
import * as fc from 'fast-check';
import { createBuffers } from '../../../src/sinks/kafka/buffers';
import { encodeHeader, NO_SEQUENCE, sequenceAfter } from '../../../src/sinks/kafka/header';
import { bufferBytes, RecordBatch, type RecordOptions } from '../../../src/sinks/kafka/recordBatch';
import { encodeFrame } from '../../../src/wire/frame';
import { decodeRecords } from './decodeRecords';

const ROOMY: RecordOptions = { count: 1_000_000, bytes: 10_000_000 };

const newBatch = (options = ROOMY, firstBytes = 1): RecordBatch =>
  new RecordBatch(createBuffers(bufferBytes(options.bytes)), options, firstBytes);

interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

const run = (bucket: string, pairs: readonly Pair[]): Buffer =>
  Buffer.concat(pairs.map(({ key, value }) => encodeFrame(bucket, value, key)));

const pair = (key: string, value: string): Pair => ({ key: Buffer.from(key), value: Buffer.from(value) });

const headerOf = ({ count, baseTimestamp, maxTimestamp, records }: RecordBatch): Buffer =>
  encodeHeader({ count, baseTimestamp, maxTimestamp, codec: 0 }, NO_SEQUENCE, records);

const decoded = async (batch: RecordBatch): Promise<readonly Pair[]> => {
  const header = headerOf(batch);
  const { records } = await decodeRecords(header, batch.records);
  const orNull = (bytes: Buffer | null): Buffer => bytes ?? Buffer.from('null!');
  return records.map(({ key, value }) => ({ key: orNull(key), value: orNull(value) }));
};

describe('RecordBatch', () => {
  it('has no records at first', () => {
    const batch = newBatch();
    expect(batch.count).toBe(0);
    expect(batch.records).toHaveLength(0);
  });

  it('encodes one message as the protocol says', () => {
    const batch = newBatch();
    const bytes = run('b', [pair('k', 'value')]);
    expect(batch.append(bytes, 0, bytes.length, 1, 1000)).toBe(bytes.length);
    // length, attributes, timestamp delta, offset delta, key length, key, value length, value, headers
    expect([...batch.records]).toEqual([24, 0, 0, 0, 2, 0x6b, 10, ...Buffer.from('value'), 0]);
  });

  it('takes an empty key for an empty key, not for none, and an empty message for an empty value', async () => {
    const batch = newBatch();
    const bytes = run('b', [pair('', ''), pair('', 'x')]);
    batch.append(bytes, 0, bytes.length, 1, 0);
    expect(await decoded(batch)).toEqual([pair('', ''), pair('', 'x')]);
  });

  it('counts time from the first message, backwards too', async () => {
    const batch = newBatch();
    const bytes = run('b', [pair('k', 'v')]);
    for (const ms of [5000, 5070, 4000]) batch.append(bytes, 0, bytes.length, 1, ms);
    const header = headerOf(batch);
    const { records, firstTimestamp, maxTimestamp } = await decodeRecords(header, batch.records);
    expect(records.map(({ timestamp }) => timestamp)).toEqual(['5000', '5070', '4000']);
    expect([firstTimestamp, maxTimestamp]).toEqual(['5000', '5070']);
  });

  it('takes no message whose time is too far from the first one’s', () => {
    const batch = newBatch();
    const bytes = run('b', [pair('k', 'v')]);
    batch.append(bytes, 0, bytes.length, 1, 1_700_000_000_000);
    expect(batch.append(bytes, 0, bytes.length, 1, 0)).toBe(0);
    expect(batch.count).toBe(1);
  });

  it('stops at its count', () => {
    const batch = newBatch({ count: 2, bytes: 1000 });
    const bytes = run('b', [pair('', 'one'), pair('', 'two'), pair('', 'three')]);
    expect(batch.append(bytes, 0, bytes.length, 1, 0)).toBe(run('b', [pair('', 'one'), pair('', 'two')]).length);
    expect(batch.append(bytes, 0, bytes.length, 1, 0)).toBe(0);
  });

  it('stops before its bytes, but takes a first message of any size', async () => {
    const large = pair('key', 'x'.repeat(5000));
    const batch = newBatch({ count: 10, bytes: 100 });
    const bytes = run('b', [large, pair('', 'y')]);
    expect(batch.append(bytes, 0, bytes.length, 1, 0)).toBe(run('b', [large]).length);
    expect(await decoded(batch)).toEqual([large]);
  });

  it('takes messages larger than a piece between small ones', async () => {
    const pairs = [
      pair('a', 'small'),
      pair('b', 'l'.repeat(200_000)),
      pair('c', 'small'),
      pair('d', 'm'.repeat(70_000)),
    ];
    const batch = newBatch(ROOMY);
    const bytes = run('bucket', pairs);
    expect(batch.append(bytes, 0, bytes.length, 6, 0)).toBe(bytes.length);
    expect(await decoded(batch)).toEqual(pairs);
  });

  it.each([
    ['before', [pair('a', 'l'.repeat(8000)), pair('', ''), pair('c', 's'.repeat(100))]],
    ['after', [pair('a', 'small'), pair('b', 'l'.repeat(8000))]],
    ['beside', [pair('', 'l'.repeat(8000)), pair('b', 'm'.repeat(9000)), pair('', 'n'.repeat(8000))]],
  ])('takes long messages %s others', async (_place, pairs) => {
    const batch = newBatch(ROOMY);
    const bytes = run('bucket', pairs);
    expect(batch.append(bytes, 0, bytes.length, 6, 0)).toBe(bytes.length);
    expect(await decoded(batch)).toEqual(pairs);
  });

  it('gives the same keys and messages in the same order, whatever the runs and the limits', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }),
      fc.nat({ max: 5000 }).map((length) => new Uint8Array(length).fill(length)),
    );
    const anyPair = fc
      .record({ key: fc.uint8Array({ maxLength: 255, size: 'max' }), value: bytes })
      .map(({ key, value }) => ({
        key: Buffer.from(key),
        value: Buffer.from(value),
      }));
    const anyLimits = fc.record({ count: fc.integer({ min: 1, max: 50 }), bytes: fc.integer({ min: 1, max: 20_000 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyPair, { minLength: 1, maxLength: 40 }), { maxLength: 6 }),
        anyLimits,
        fc.boolean(),
        async (runs, limits, more) => {
          const batches: RecordBatch[] = [];
          for (const pairs of runs) {
            const frames = run('bucket', pairs);
            let at = 0;
            while (at < frames.length) {
              const last = batches.at(-1);
              const next = last?.append(frames, at, frames.length, 6, 7, more) ?? at;
              if (next === at) batches.push(newBatch(limits));
              at = next;
            }
          }
          const found = (await Promise.all(batches.map(decoded))).flat();
          // Texts, since buffers take long to compare.
          const text = ({ key, value }: Pair): string => `${key.toString('latin1')} ${value.toString('latin1')}`;
          expect(found.map(text)).toEqual(runs.flat().map(text));
          for (const batch of batches) {
            expect(batch.count).toBeLessThanOrEqual(limits.count);
            expect(batch.count === 1 || batch.bytes <= limits.bytes).toBe(true);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('encodeHeader', () => {
  const payload = Buffer.from('records');
  const header = encodeHeader(
    { count: 3, baseTimestamp: 1_700_000_000_000, maxTimestamp: 1_700_000_000_005, codec: 2 },
    { producerId: 4711n, epoch: 2, first: 99 },
    payload,
  );

  it('stands as the protocol says', () => {
    expect(header).toHaveLength(61);
    expect(header.readInt32BE(8)).toBe(49 + payload.length);
    expect(header.readInt8(16)).toBe(2);
    expect(header.readInt16BE(21)).toBe(2);
    expect(header.readInt32BE(23)).toBe(2);
    expect(header.readBigInt64BE(27)).toBe(1_700_000_000_000n);
    expect(header.readBigInt64BE(35)).toBe(1_700_000_000_005n);
    expect(header.readBigInt64BE(43)).toBe(4711n);
    expect(header.readInt16BE(51)).toBe(2);
    expect(header.readInt32BE(53)).toBe(99);
    expect(header.readInt32BE(57)).toBe(3);
  });

  it('has the CRC-32C of what follows it, header and payload', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    expect(header.readUInt32BE(17)).toBe(crc32c(Buffer.concat([header.subarray(21), payload])));
  });
});

describe('sequenceAfter', () => {
  /** DefaultRecordBatch.incrementSequence of Kafka, on its 32-bit integers. */
  const incremented = (sequence: number, increment: number): number =>
    sequence > 2 ** 31 - 1 - increment ? increment - (2 ** 31 - 1 - sequence) - 1 : sequence + increment;

  it.each([
    [0, 10, 10],
    [2 ** 31 - 1, 1, 0],
    // The numbers of this batch are 2147483645, 2147483646, 2147483647, 0, 1.
    [2 ** 31 - 3, 5, 2],
    [2 ** 31 - 5, 5, 0],
  ])('after %d, with %d records, is %d', (first, count, next) => {
    expect(sequenceAfter(first, count)).toBe(next);
  });

  it('is what Kafka expects, whatever the first and the count', () => {
    const anyFirst = fc.oneof(
      fc.nat(),
      fc.nat({ max: 1000 }).map((n) => 2 ** 31 - 1 - n),
    );
    fc.assert(
      fc.property(anyFirst, fc.integer({ min: 1, max: 1_000_000 }), (first, count) => {
        expect(sequenceAfter(first, count)).toBe(incremented(first, count));
      }),
    );
  });
});
