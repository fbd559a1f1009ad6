import fc from 'fast-check';
import { type Decoded, isFrames, isRefused } from '../../src/model';
import { type Decoder, createDecoder } from '../../src/wire/decoder';
import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { encodeRecord } from '../../src/wire/record';
import { encodeSync } from '../../src/wire/sync';
import { anOrigin } from '../../src/testing/builders';
import { pushWiped } from '../support/wiped';
import { byBucket, encodeMessage, messagesIn, type VectorMessage } from '../vectors/frames';

const MAX_FRAME = 300;

const decoderOf = (): Decoder =>
  createDecoder({ maxFrame: MAX_FRAME, now: () => 0, origin: anOrigin(), nextOrigin: anOrigin });

/** What the decoding meant between two syncs: messages by bucket in order, refused frames and bytes by reason. */
const epochMeaning = (decoded: readonly Decoded[]): unknown => {
  const messages = new Map<string, string[]>();
  const refused = new Map<string, { count: number; bytes: number }>();
  for (const one of decoded) {
    if (isRefused(one)) {
      const { count, bytes } = refused.get(one.reason) ?? { count: 0, bytes: 0 };
      refused.set(one.reason, { count: count + one.count, bytes: bytes + one.bytes });
      continue;
    }
    if (!isFrames(one)) {
      const { token, origin } = one;
      const all = [...messages.values()].flat().length;
      const bad = [...refused.values()].reduce((sum, { count }) => sum + count, 0);
      expect([origin.messages, origin.open, origin.worst]).toEqual([all + bad, all, bad > 0 ? 2 : 0]);
      return { token, messages, refused };
    }
    const cursor = new MessageCursor(one.bytes);
    const list = messages.get(one.bucket) ?? [];
    while (cursor.next()) list.push(one.bytes.toString('hex', cursor.start, cursor.end));
    messages.set(one.bucket, list);
  }
  return { messages, refused };
};

const meaningOf = (decoded: readonly Decoded[]): readonly unknown[] => {
  const syncAt = decoded.findIndex((one) => 'token' in one);
  if (syncAt < 0) return [epochMeaning(decoded)];
  return [epochMeaning(decoded.slice(0, syncAt + 1)), ...meaningOf(decoded.slice(syncAt + 1))];
};

const bytesOf = (decoded: readonly Decoded[]): number =>
  decoded.reduce((sum, one) => sum + (isFrames(one) ? one.bytes.length : one.bytes), 0);

const cut = (bytes: Buffer, at: readonly number[]): readonly Buffer[] => {
  const points = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return points.slice(1).map((end, i) => bytes.subarray(points[i], end));
};

const bucket = fc.constantFrom('a', 'b', 'orders', 'ä', 'x'.repeat(255));
const goodFrame = fc
  .tuple(bucket, fc.uint8Array({ maxLength: 40 }), fc.string({ maxLength: 20, unit: 'grapheme-ascii' }))
  .map(([name, message, key]) => encodeFrame(name, message, key));
const headers = fc.array(fc.tuple(fc.string({ maxLength: 8, unit: 'grapheme' }), fc.option(fc.uint8Array())), {
  maxLength: 4,
});
const goodRecord = fc
  .record({
    name: bucket,
    message: fc.option(fc.uint8Array({ maxLength: 40 })),
    key: fc.option(fc.uint8Array({ maxLength: 20 })),
    timestampMs: fc.option(fc.maxSafeNat(), { nil: undefined }),
    partition: fc.option(fc.nat(), { nil: undefined }),
    headers,
  })
  .map(({ name, message, ...options }) => encodeRecord(name, message, options));
const length = (bytes: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(bytes);
  return header;
};
const framed = (body: Uint8Array): Buffer => Buffer.concat([length(body.length), body]);
/** A length that is true and a body that may be anything. */
const anyFrame = fc.uint8Array({ maxLength: 400 }).map(framed);
/** Bytes that may be a record, or nearly. */
const anyRecord = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((rest) => framed(Buffer.concat([Buffer.of(0, 1), rest]))),
  fc.tuple(goodRecord, fc.nat(), fc.integer({ min: 0, max: 255 })).map(([record, at, byte]) => {
    const changed = Buffer.from(record);
    changed[6 + (at % (changed.length - 6))] = byte;
    return changed;
  }),
);
const sync = fc.nat({ max: 0xffffffff }).map(encodeSync);
const noFrame = fc.constantFrom(length(0xffffffff), Buffer.from('GET / HTTP/1.1\r\n\r\n'));
const stream = fc
  .array(
    fc.oneof(
      { arbitrary: goodFrame, weight: 8 },
      { arbitrary: goodRecord, weight: 8 },
      { arbitrary: anyRecord, weight: 3 },
      { arbitrary: anyFrame, weight: 4 },
      { arbitrary: sync, weight: 4 },
      { arbitrary: noFrame, weight: 1 },
    ),
    {
      maxLength: 40,
    },
  )
  .chain((parts) => {
    const bytes = Buffer.concat(parts);
    return fc.tuple(fc.constant(bytes), fc.nat({ max: bytes.length }));
  })
  .map(([bytes, end]) => bytes.subarray(0, end));
const cuts = fc.array(fc.nat(), { maxLength: 30 });

describe('law: decoding', () => {
  it('means the same however the bytes are cut', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, at) => {
        const whole = decoderOf();
        const expected = [...whole.push(bytes), ...whole.end()];
        const split = decoderOf();
        const chunks = cut(bytes, at);
        const found: Decoded[] = [];
        let read = 0;
        for (const chunk of chunks) {
          if (split.done) break;
          read += chunk.length;
          found.push(...pushWiped(split, chunk));
          expect(bytesOf(found) + split.pending).toBe(read);
        }
        found.push(...split.end());
        expect(split.pending).toBe(0);
        expect(bytesOf(found)).toBe(read);
        // What comes after noise in the same chunk is refused with it, so its bytes depend on the cut.
        const unread = bytes.length - read;
        const rest: Decoded = { reason: 'not_frames', count: 0, bytes: unread, origin: anOrigin(), detail: '' };
        expect(meaningOf(unread > 0 ? [...found, rest] : found)).toEqual(meaningOf(expected));
      }),
      { numRuns: 500 },
    );
  });

  it('reads records and frames as they were encoded', () => {
    const hex = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('hex'));
    const message: fc.Arbitrary<VectorMessage> = fc.oneof(
      fc.record({ as: fc.constant('frame' as const), bucket, key: hex, message: hex }),
      fc.record({
        as: fc.constant('record' as const),
        bucket,
        key: fc.option(hex),
        message: fc.option(hex),
        timestampMs: fc.option(fc.maxSafeNat()),
        partition: fc.option(fc.nat()),
        headers: fc.array(fc.tuple(fc.string({ unit: 'grapheme', maxLength: 8 }), fc.option(hex)), { maxLength: 5 }),
      }),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (messages) => {
        const decoder = createDecoder({ maxFrame: 1 << 20, now: () => 0, origin: anOrigin() });
        const runs = decoder.push(Buffer.concat(messages.map(encodeMessage)));
        expect(byBucket(runs.flatMap((run) => (isFrames(run) ? messagesIn(run) : [])))).toEqual(byBucket(messages));
      }),
    );
  });

  it('never loses the frames beside what is nearly a record', () => {
    const good = encodeFrame('beside', 'good');
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 8 }), cuts, (records, at) => {
        const decoder = createDecoder({ maxFrame: 1 << 20, now: () => 0, origin: anOrigin() });
        const bytes = Buffer.concat([good, ...records.flatMap((record) => [record, good])]);
        const found = [...cut(bytes, at).flatMap((chunk) => decoder.push(chunk)), ...decoder.end()];
        const beside = found.flatMap((one) => (isFrames(one) && one.bucket === 'beside' ? messagesIn(one) : []));
        expect(beside).toHaveLength(1 + records.length);
        // Each of the others is a message that can be walked, or counted as malformed.
        const others = found.flatMap((one) => (isFrames(one) && one.bucket !== 'beside' ? messagesIn(one) : []));
        const refused = found.filter(isRefused).reduce((sum, { count }) => sum + count, 0);
        expect(others.length + refused).toBe(records.length);
        expect(found.filter(isRefused).every(({ reason }) => reason === 'malformed')).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('never throws on noise, and accounts for every byte', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 20 }), (chunks) => {
        const decoder = decoderOf();
        const found: Decoded[] = [];
        let read = 0;
        for (const chunk of chunks) {
          if (!decoder.done) read += chunk.length;
          found.push(...decoder.push(Buffer.from(chunk)));
        }
        found.push(...decoder.end());
        expect(bytesOf(found)).toBe(read);
      }),
      { numRuns: 300 },
    );
  });
});
