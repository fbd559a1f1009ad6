import * as fc from 'fast-check';
import { createBuffers } from '../../../src/sinks/kafka/buffers';
import { encodeHeader, NO_SEQUENCE } from '../../../src/sinks/kafka/header';
import { bufferBytes, RecordBatch, type RecordOptions } from '../../../src/sinks/kafka/recordBatch';
import { encodeFrame } from '../../../src/wire/frame';
import { MessageCursor } from '../../../src/wire/messageCursor';
import { encodeRecord } from '../../../src/wire/record';
import { decodeRecords } from './decodeRecords';

const ROOMY: RecordOptions = { count: 1_000_000, bytes: 10_000_000 };
const NOW = 1_700_000_000_000;

const newBatch = (options = ROOMY): RecordBatch =>
  new RecordBatch(createBuffers(bufferBytes(options.bytes)), options, 1);

interface Sent {
  /** Undefined: a version 1 frame, which has no more than key and value. */
  readonly timestampMs: number | undefined;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

const frameOf = ({ timestampMs, key, value, headers }: Sent): Buffer =>
  timestampMs === undefined
    ? encodeFrame('bucket', value ?? '', key ?? '')
    : encodeRecord('bucket', value, { key, timestampMs, headers });

/** Appends the message of `run` at `at`, which arrived at `NOW`, and returns where it ends; `at`: no room. */
const appendAt = (batch: RecordBatch, run: Buffer, at: number, more = false): number => {
  const cursor = new MessageCursor(run);
  cursor.moveTo(at);
  if (!cursor.isRecord) return batch.append(run, at, cursor.end, 'bucket'.length, NOW, more);
  return batch.appendRecord(run, cursor, cursor.timestampMs ?? NOW) ? cursor.end : at;
};

const append = (batch: RecordBatch, run: Buffer): number => appendAt(batch, run, 0);

const decode = (batch: RecordBatch): ReturnType<typeof decodeRecords> => {
  const { count, baseTimestamp, maxTimestamp, records } = batch;
  return decodeRecords(encodeHeader({ count, baseTimestamp, maxTimestamp, codec: 0 }, NO_SEQUENCE, records), records);
};

describe('RecordBatch.appendRecord', () => {
  it('encodes everything as the protocol says', () => {
    const batch = newBatch();
    append(batch, encodeRecord('bucket', 'v', { key: 'k', timestampMs: NOW }));
    const first = batch.records.length;
    const headers = [
      ['h', 'one'],
      ['none', null],
      ['h', ''],
    ] as const;
    append(batch, encodeRecord('bucket', 'value', { key: 'k', timestampMs: NOW - 1, headers }));
    // length, attributes, timestamp delta, offset delta, key, value, headers with a length each, -1 for null
    const body = [0, 1, 2, 2, 0x6b, 10, ...Buffer.from('value')];
    const encoded = [6, 2, 0x68, 6, ...Buffer.from('one'), 8, ...Buffer.from('none'), 1, 2, 0x68, 0];
    const all = [...body, ...encoded];
    expect([...batch.records.subarray(first)]).toEqual([2 * all.length, ...all]);
  });

  it('tells null from empty: key, message and header', async () => {
    const batch = newBatch();
    append(batch, encodeRecord('bucket', null, { headers: [['n', null]] }));
    append(batch, encodeRecord('bucket', '', { key: '', headers: [['n', '']] }));
    const { records } = await decode(batch);
    const empty = Buffer.alloc(0);
    expect(records.map(({ key, value, headers }) => [key, value, headers['n']])).toEqual([
      [null, null, null],
      [empty, empty, empty],
    ]);
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['null', null],
  ] as const)(
    'makes the empty key of a version 1 frame %s, and leaves that of a record',
    async (emptyKey, expected) => {
      const batch = newBatch({ ...ROOMY, emptyKey });
      append(batch, encodeFrame('bucket', 'm'));
      append(batch, encodeRecord('bucket', 'm', { key: '' }));
      append(batch, encodeRecord('bucket', 'm'));
      append(batch, encodeFrame('bucket', 'm', 'k'));
      const { records } = await decode(batch);
      expect(records.map(({ key }) => key)).toEqual([expected, Buffer.alloc(0), null, Buffer.from('k')]);
    },
  );

  it('keeps times however far apart, in any order; the base is the first, the maximum the latest', async () => {
    const times = [NOW, 0, NOW + 3_600_000, 1, NOW - 2 ** 31];
    const batch = newBatch();
    for (const timestampMs of times) append(batch, encodeRecord('bucket', 'm', { timestampMs }));
    const { records, firstTimestamp, maxTimestamp } = await decode(batch);
    expect(records.map(({ timestamp }) => Number(timestamp))).toEqual(times);
    expect([firstTimestamp, maxTimestamp]).toEqual([`${NOW}`, `${NOW + 3_600_000}`]);
  });

  it('starts over from a record’s time when it comes first', async () => {
    const batch = newBatch();
    append(batch, encodeRecord('bucket', 'm', { timestampMs: NOW - 5 }));
    append(batch, encodeFrame('bucket', 'm'));
    const { records, firstTimestamp, maxTimestamp } = await decode(batch);
    expect(records.map(({ timestamp }) => Number(timestamp))).toEqual([NOW - 5, NOW]);
    expect([firstTimestamp, maxTimestamp]).toEqual([`${NOW - 5}`, `${NOW}`]);
  });

  it('stops at its count, and before its bytes, headers included; a first one of any size comes in', () => {
    const record = encodeRecord('bucket', 'm', { headers: [['h', 'x'.repeat(100)]] });
    const byCount = newBatch({ count: 2, bytes: 10_000 });
    expect([1, 2, 3].map(() => append(byCount, record))).toEqual([record.length, record.length, 0]);
    const byBytes = newBatch({ count: 10, bytes: 230 });
    expect([1, 2, 3].map(() => append(byBytes, record))).toEqual([record.length, record.length, 0]);
    expect(byBytes.bytes).toBeLessThanOrEqual(230);
    const small = newBatch({ count: 10, bytes: 50 });
    expect([1, 2].map(() => append(small, record))).toEqual([record.length, 0]);
  });

  it('gives the same messages in the same order, whatever the mixture, the sizes and the limits', async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 80 }).map((value) => Buffer.from(value)),
      fc.nat({ max: 3000 }).map((length) => Buffer.alloc(length, length)),
    );
    const anyHeader = fc.tuple(fc.constantFrom('', 'a', 'trace-id', 'ä'.repeat(40)), fc.option(bytes));
    const anySent: fc.Arbitrary<Sent> = fc.oneof(
      fc.record({
        timestampMs: fc.constant(undefined),
        key: fc.uint8Array({ maxLength: 255, size: 'max' }).map((key) => Buffer.from(key)),
        value: bytes,
        headers: fc.constant([]),
      }),
      fc.record({
        timestampMs: fc.oneof(
          fc.nat({ max: 10_000 }).map((ms) => NOW - ms),
          fc.nat().map((seconds) => 1000 * seconds),
        ),
        key: fc.option(bytes),
        value: fc.option(bytes),
        headers: fc.array(anyHeader, { maxLength: 4 }),
      }),
    );
    const anyLimits = fc.record({ count: fc.integer({ min: 1, max: 50 }), bytes: fc.integer({ min: 1, max: 20_000 }) });
    // Texts, since buffers take long to compare.
    const text = (value: Buffer | null): string | null => value && value.toString('latin1');
    /** Values by name, since kafkajs tells no more of their order. */
    const byName = (headers: Sent['headers']): Readonly<Record<string, unknown>> => {
      const names = [...new Set(headers.map(([name]) => name))];
      return Object.fromEntries(
        names.map((name) => {
          const values = headers.filter(([other]) => other === name).map(([, value]) => text(value));
          return [name, values];
        }),
      );
    };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anySent, { minLength: 1, maxLength: 20 }), { maxLength: 5 }),
        anyLimits,
        fc.boolean(),
        async (runs, limits, more) => {
          const batches: RecordBatch[] = [];
          for (const sent of runs) {
            const run = Buffer.concat(sent.map(frameOf));
            for (let at = 0; at < run.length;) {
              const last = batches.at(-1);
              const next = last ? appendAt(last, run, at, more) : at;
              if (next === at) batches.push(newBatch(limits));
              at = next;
            }
          }
          const found = (await Promise.all(batches.map(decode))).flatMap(({ records }) =>
            records.map(({ key, value, headers, timestamp }) => ({
              key: text(key),
              value: text(value),
              headers: Object.fromEntries(
                Object.entries(headers).map(([name, values]) => [name, [values].flat().map(text)]),
              ),
              timestamp,
            })),
          );
          expect(found).toEqual(
            runs.flat().map(({ timestampMs = NOW, key, value, headers }) => ({
              key: text(key),
              value: text(value),
              headers: byName(headers),
              timestamp: `${timestampMs}`,
            })),
          );
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
