import fc from 'fast-check';
import { encodeFrame, MAX_SKIPPED_BYTES } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { encodeRecord } from '../../src/wire/record';
import { LONGER_BY, toRecords } from '../../src/wire/toRecords';
import { encodeMessage, fromHex, goodVectors, messagesIn, type VectorMessage } from '../vectors/frames';

const ARRIVED_MS = 1_700_000_000_123;
const records = (bytes: Buffer, emptyKey?: 'empty' | 'null', arrivedMs = ARRIVED_MS): Buffer =>
  toRecords({ bytes, arrivedMs }, emptyKey);

/** What a message is to become, said anew. */
const expected = (given: VectorMessage, emptyKey: 'empty' | 'null', arrivedMs: number): VectorMessage =>
  given.as === 'record'
    ? { ...given, timestampMs: given.timestampMs ?? arrivedMs }
    : {
        ...{ as: 'record', bucket: given.bucket, message: given.message, partition: null, headers: [] },
        ...{ key: given.key === '' && emptyKey === 'null' ? null : given.key, timestampMs: arrivedMs },
      };

describe('toRecords', () => {
  it('makes nothing of nothing', () => {
    expect(records(Buffer.alloc(0))).toHaveLength(0);
  });

  it('gives a version 1 frame its time of arrival, and leaves key and message as they are', () => {
    expect(records(encodeFrame('b', 'one', 'k'))).toEqual(
      encodeRecord('b', 'one', { key: 'k', timestampMs: ARRIVED_MS }),
    );
  });

  it('keeps an empty key, or makes it null where the stream says so', () => {
    const frame = encodeFrame('b', 'one');
    expect(records(frame)).toEqual(encodeRecord('b', 'one', { key: '', timestampMs: ARRIVED_MS }));
    expect(records(frame, 'empty')).toEqual(records(frame));
    expect(records(frame, 'null')).toEqual(encodeRecord('b', 'one', { key: null, timestampMs: ARRIVED_MS }));
  });

  it('leaves the empty key of a record, which means it', () => {
    const record = encodeRecord('b', 'one', { key: '' });
    expect(records(record, 'null')).toEqual(encodeRecord('b', 'one', { key: '', timestampMs: ARRIVED_MS }));
  });

  it('gives a record without a time that of its arrival, and leaves all else', () => {
    const options = { key: 'k', partition: 7, headers: [['h', null] as const, ['h', 'v'] as const] };
    expect(records(encodeRecord('b', null, options))).toEqual(
      encodeRecord('b', null, { ...options, timestampMs: ARRIVED_MS }),
    );
  });

  it('hands over as they are records that have a time, however odd', () => {
    const odd = encodeRecord('b', 'm', { timestampMs: 0, partition: 0 });
    odd.writeBigInt64LE(-(2n ** 63n), 4 + 4 + 1 + 2);
    odd.writeInt32LE(-5, 4 + 4 + 1 + 2 + 8);
    const bytes = Buffer.concat([odd, encodeRecord('b', 'n', { timestampMs: Number.MAX_SAFE_INTEGER })]);
    expect(records(bytes)).toBe(bytes);
    expect(records(Buffer.concat([encodeFrame('b', ''), bytes])).subarray(-bytes.length)).toEqual(bytes);
  });

  it.each([0, 1, 0xffffffff, 0x100000000, Number.MAX_SAFE_INTEGER, -1, -0x100000001])('writes the time %d', (ms) => {
    const bytes = records(encodeFrame('b', 'm'), 'empty', ms);
    const cursor = new MessageCursor(bytes);
    expect(cursor.next()).toBe(true);
    expect(cursor.timestampMs).toBe(ms);
  });

  it('drops the fraction of a millisecond', () => {
    expect(records(encodeFrame('b', 'm'), 'empty', 5.9)).toEqual(records(encodeFrame('b', 'm'), 'empty', 5));
  });

  it('leaves as it is what would be too long for a frame', () => {
    const small = encodeFrame('b', 'small');
    const longest = encodeFrame('b', Buffer.alloc(MAX_SKIPPED_BYTES - 3 - LONGER_BY));
    const tooLong = encodeFrame('b', Buffer.alloc(MAX_SKIPPED_BYTES - 3 - LONGER_BY + 1));
    const made = records(Buffer.concat([tooLong, small, longest]));
    expect(made.subarray(0, tooLong.length).equals(tooLong)).toBe(true);
    expect(made.readUInt32LE(made.length - longest.length - LONGER_BY)).toBe(MAX_SKIPPED_BYTES);
    expect(messagesIn({ bucket: 'b', bytes: made }).map(({ as }) => as)).toEqual(['frame', 'record', 'record']);
  });

  const ofOneBucket = goodVectors.filter(({ accepted }) => new Set(accepted.map(({ bucket }) => bucket)).size === 1);
  it.each(ofOneBucket)('keeps what $name says', ({ bytes, accepted }) => {
    for (const emptyKey of ['empty', 'null'] as const) {
      expect(messagesIn({ bucket: accepted[0]?.bucket ?? '', bytes: records(fromHex(bytes), emptyKey) })).toEqual(
        accepted.map((message) => expected(message, emptyKey, ARRIVED_MS)),
      );
    }
  });

  const hex = (maxLength: number) => fc.uint8Array({ maxLength }).map((bytes) => Buffer.from(bytes).toString('hex'));
  const message = (bucket: string): fc.Arbitrary<VectorMessage> =>
    fc.oneof(
      fc.record({ as: fc.constant('frame' as const), bucket: fc.constant(bucket), key: hex(255), message: hex(400) }),
      fc.record({
        ...{ as: fc.constant('record' as const), bucket: fc.constant(bucket) },
        ...{ key: fc.option(hex(400)), message: fc.option(hex(400)) },
        ...{ timestampMs: fc.option(fc.maxSafeNat()), partition: fc.option(fc.nat()) },
        headers: fc.array(fc.tuple(fc.string({ maxLength: 8, unit: 'grapheme' }), fc.option(hex(20))), {
          maxLength: 4,
        }),
      }),
    );
  const run = fc
    .constantFrom('a', 'ä', 'x'.repeat(255))
    .chain((bucket) => fc.tuple(fc.constant(bucket), fc.array(message(bucket), { maxLength: 30 })));

  it('law: as many messages, each the same but for a time that was missing; done twice it changes nothing more', () => {
    fc.assert(
      fc.property(run, fc.constantFrom('empty', 'null'), fc.maxSafeNat(), ([bucket, messages], emptyKey, arrivedMs) => {
        const bytes = Buffer.concat(messages.map(encodeMessage));
        const before = Buffer.from(bytes);
        const made = records(bytes, emptyKey, arrivedMs);
        const wanted = messages.map((given) => expected(given, emptyKey, arrivedMs));
        expect(bytes).toEqual(before);
        expect(messagesIn({ bucket, bytes: made })).toEqual(wanted);
        expect(made.toString('hex')).toBe(Buffer.concat(wanted.map(encodeMessage)).toString('hex'));
        expect(records(made, 'null', arrivedMs + 1)).toBe(made);
        expect(made.length).toBeLessThanOrEqual(bytes.length + messages.length * LONGER_BY);
      }),
      { numRuns: 500 },
    );
  });
});
