import fc from 'fast-check';
import { type Decoded, isRefused } from '../../src/model';
import { type Decoder, createDecoder } from '../../src/wire/decoder';
import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { anOrigin } from '../support/builders';

const MAX_FRAME = 300;

const decoderOf = (): Decoder => createDecoder({ maxFrame: MAX_FRAME, now: () => 0, origin: anOrigin() });

/** What the decoding meant: messages by bucket in order, refused frames and bytes by reason. */
const meaningOf = (decoded: readonly Decoded[]): unknown => {
  const messages = new Map<string, string[]>();
  const refused = new Map<string, { count: number; bytes: number }>();
  for (const one of decoded) {
    if (isRefused(one)) {
      const { count, bytes } = refused.get(one.reason) ?? { count: 0, bytes: 0 };
      refused.set(one.reason, { count: count + one.count, bytes: bytes + one.bytes });
      continue;
    }
    const cursor = new MessageCursor(one.bytes);
    const list = messages.get(one.bucket) ?? [];
    while (cursor.next()) list.push(one.bytes.toString('hex', cursor.start, cursor.end));
    messages.set(one.bucket, list);
  }
  return { messages, refused };
};

const bytesOf = (decoded: readonly Decoded[]): number =>
  decoded.reduce((sum, one) => sum + (isRefused(one) ? one.bytes : one.bytes.length), 0);

const cut = (bytes: Buffer, at: readonly number[]): readonly Buffer[] => {
  const points = [0, ...at.map((n) => n % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return points.slice(1).map((end, i) => bytes.subarray(points[i], end));
};

const bucket = fc.constantFrom('a', 'b', 'orders', 'ä', 'x'.repeat(255));
const goodFrame = fc
  .tuple(bucket, fc.uint8Array({ maxLength: 40 }), fc.string({ maxLength: 20, unit: 'grapheme-ascii' }))
  .map(([name, message, key]) => encodeFrame(name, message, key));
const length = (bytes: number): Buffer => {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(bytes);
  return header;
};
/** A length that is true and a body that may be anything. */
const anyFrame = fc.uint8Array({ maxLength: 400 }).map((body) => Buffer.concat([length(body.length), body]));
const noFrame = fc.constantFrom(length(0xffffffff), Buffer.from('GET / HTTP/1.1\r\n\r\n'));
const stream = fc
  .array(
    fc.oneof(
      { arbitrary: goodFrame, weight: 12 },
      { arbitrary: anyFrame, weight: 4 },
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
          found.push(...split.push(chunk));
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
