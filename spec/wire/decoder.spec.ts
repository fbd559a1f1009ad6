import type { Decoded, Frames } from '../../src/model';
import { isFrames, isRefused } from '../../src/model';
import { type Decoder, createDecoder, createDecoderTables } from '../../src/wire/decoder';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { encodeSync } from '../../src/wire/sync';
import { anOrigin } from '../../src/testing/builders';
import { byBucket, frameVectors, fromHex, maxFrame, messagesIn } from '../vectors/frames';

const decoderOf = (origin = anOrigin()): Decoder => createDecoder({ maxFrame, now: () => 7, origin });

/** A chunk with memory of its own, as a socket gives it. */
const chunkOf = (...parts: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(parts);
  const chunk = Buffer.allocUnsafeSlow(bytes.length);
  chunk.set(bytes);
  return chunk;
};

const framesOf = (decoded: readonly Decoded[]): readonly Frames[] => decoded.filter(isFrames);

const detailsOf = (decoded: readonly Decoded[]): readonly string[] =>
  decoded.filter(isRefused).map(({ detail }) => detail);

const tooLargeBy = (more: number): string => `body of ${1024 + more} bytes, expected at most 1024 (MAX_FRAME)`;

/** Frames refused by reason. */
const refusedIn = (decoded: readonly Decoded[]): Readonly<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const { reason, count } of decoded.filter(isRefused)) counts[reason] = (counts[reason] ?? 0) + count;
  return counts;
};

describe('createDecoder', () => {
  it.each(frameVectors)('reads $name', ({ bytes, accepted, refused }) => {
    const decoder = decoderOf();
    const decoded = [...decoder.push(fromHex(bytes)), ...decoder.end()];
    const runs = framesOf(decoded);
    expect(byBucket(runs.flatMap(messagesIn))).toEqual(byBucket(accepted));
    expect(new Set(runs.map(({ bucket }) => bucket)).size).toBe(runs.length);
    expect(refusedIn(decoded)).toEqual(refused);
    expect(runs.map(({ count }) => count)).toEqual(runs.map((run) => messagesIn(run).length));
  });

  it.each(frameVectors)('reads $name byte by byte', ({ bytes, accepted, refused }) => {
    const decoder = decoderOf();
    const decoded = [...fromHex(bytes)].flatMap((byte) => [...decoder.push(Buffer.of(byte))]).concat(decoder.end());
    expect(framesOf(decoded).flatMap(messagesIn)).toEqual(accepted);
    expect(refusedIn(decoded)).toEqual(refused);
  });

  it('hands on a chunk of one bucket as it is', () => {
    const chunk = chunkOf(encodeFrame('b', '1'), encodeFrame('b', '2'));
    const [run, ...others] = framesOf(decoderOf().push(chunk));
    expect(run?.bytes).toBe(chunk);
    expect(run).toMatchObject({ bucket: 'b', count: 2, arrivedMs: 7 });
    expect(others).toEqual([]);
  });

  it('takes records and frames of one bucket for one run', () => {
    const chunk = chunkOf(
      encodeFrame('b', '1'),
      encodeRecord('b', '2'),
      encodeRecord('b', null),
      encodeFrame('b', '4'),
    );
    const [run, ...others] = framesOf(decoderOf().push(chunk));
    expect(run?.bytes).toBe(chunk);
    expect(run).toMatchObject({ bucket: 'b', count: 4 });
    expect(others).toEqual([]);
  });

  it('takes 1,000 headers and no more', () => {
    const decoder = createDecoder({ maxFrame: 1 << 20, now: () => 0, origin: anOrigin() });
    const most = encodeRecord('b', 'm', { headers: Array.from({ length: 1000 }, (_, n) => [String(n), null]) });
    const countAt = 4 + 4 + 1 + 2;
    const more = Buffer.concat([most.subarray(0, -1), Buffer.alloc(6), most.subarray(-1)]);
    more.writeUInt32LE(more.length - 4, 0);
    more.writeUInt16LE(1001, countAt);
    expect(framesOf(decoder.push(most)).flatMap(messagesIn)).toMatchObject([{ message: '6d' }]);
    expect(detailsOf(decoder.push(more))).toEqual(['a record of 1001 headers, expected at most 1000']);
  });

  it('takes any timestamp and partition: whether they make sense, a sink knows', () => {
    const record = encodeRecord('b', 'm', { timestampMs: 0, partition: 0 });
    record.fill(0xff, 4 + 4 + 1 + 2, 4 + 4 + 1 + 2 + 12);
    expect(framesOf(decoderOf().push(record)).flatMap(messagesIn)).toMatchObject([{ timestampMs: -1, partition: -1 }]);
  });

  it('shows what lies together, and keeps nothing of a chunk', () => {
    const second = encodeFrame('b', 'y'.repeat(3000));
    const decoder = createDecoder({ maxFrame: 10_000, now: () => 7, origin: anOrigin() });
    const chunk = chunkOf(encodeFrame('b', 'x'.repeat(300)), second.subarray(0, 2000));
    expect(framesOf(decoder.push(chunk)).map(({ bytes }) => bytes.buffer === chunk.buffer)).toEqual([true]);
    chunk.fill(0xdd);
    const [rest] = framesOf(decoder.push(second.subarray(2000)));
    expect(rest?.bytes.equals(second)).toBe(true);
  });

  it('gathers each bucket once a chunk, whatever the size of the runs', () => {
    for (const size of [10, 900]) {
      const turns = ['a', 'b', 'a', 'c', 'b', 'a'].map((bucket, i) => encodeFrame(bucket, String(i).repeat(size)));
      const runs = framesOf(decoderOf().push(chunkOf(...turns)));
      expect(runs.map(({ bucket, count }) => [bucket, count])).toEqual([
        ['a', 3],
        ['b', 2],
        ['c', 1],
      ]);
      expect(runs.flatMap(messagesIn).map(({ message }) => fromHex(message ?? '').toString()[0])).toEqual([
        '0',
        '2',
        '5',
        '1',
        '4',
        '3',
      ]);
    }
  });

  it('gives one refusal a reason and chunk, with the first detail', () => {
    const [refused, ...others] = decoderOf().push(Buffer.alloc(4000));
    expect(refused).toMatchObject({ reason: 'malformed', count: 1000, bytes: 4000 });
    expect(others).toEqual([]);
    const [tooLarge, malformed] = decoderOf().push(
      chunkOf(fromHex('01040000'), Buffer.alloc(1025), fromHex('00000000')),
    );
    expect(tooLarge).toMatchObject({ reason: 'too_large', bytes: 4 + 1025, detail: tooLargeBy(1) });
    expect(malformed).toMatchObject({ reason: 'malformed', bytes: 4, detail: 'body of 0 bytes, expected at least 2' });
  });

  it('gives the bytes that are still to come of a frame too large, and the detail of one that follows', () => {
    const decoder = decoderOf();
    const claim = (more: number): Buffer => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(maxFrame + more);
      return length;
    };
    const body = (more: number): Buffer => Buffer.alloc(maxFrame + more);
    const chunks = [
      claim(1),
      Buffer.concat([body(1), claim(2)]),
      Buffer.concat([body(2), claim(3), body(3), claim(4)]),
      body(4),
    ];
    expect(chunks.flatMap((chunk) => [...decoder.push(chunk)])).toMatchObject([
      { reason: 'too_large', count: 1, bytes: 4, detail: tooLargeBy(1) },
      { reason: 'too_large', count: 1, bytes: maxFrame + 1 + 4, detail: tooLargeBy(2) },
      { reason: 'too_large', count: 2, bytes: 2 * maxFrame + 5 + 8, detail: tooLargeBy(3) },
      { reason: 'too_large', count: 0, bytes: maxFrame + 4 },
    ]);
  });

  it.each([0, 2, 6])('takes a body of the most bytes, and none that is longer, cut at %d', (at) => {
    const bodyOf = (bytes: number): readonly Decoded[] => {
      const frame = encodeFrame('b', 'x'.repeat(bytes - 3));
      const decoder = decoderOf();
      return [frame.subarray(0, at), frame.subarray(at)].flatMap((part) => [...decoder.push(part)]);
    };
    expect(bodyOf(maxFrame)).toMatchObject([{ bucket: 'b', count: 1, bytes: { length: 4 + maxFrame } }]);
    expect(refusedIn(bodyOf(maxFrame + 1))).toEqual({ too_large: 1 });
  });

  it('ends an epoch at a sync: all that came before it is of its origin, and stands before it', () => {
    const [before, after] = [anOrigin(), anOrigin()];
    const decoder = createDecoder({ maxFrame, now: () => 7, origin: before, nextOrigin: () => after });
    const one = encodeFrame('b', '1');
    const decoded = decoder.push(chunkOf(one, fromHex('00000000'), encodeFrame('c', '2'), encodeSync(7), one, one));
    expect(decoded).toMatchObject([
      { bucket: 'b', count: 1 },
      { bucket: 'c', count: 1 },
      { reason: 'malformed', count: 1 },
      { token: 7, bytes: 10 },
      { bucket: 'b', count: 2 },
    ]);
    expect(decoded.map(({ origin }) => origin === before)).toEqual([true, true, true, true, false]);
    expect(decoded.at(-1)?.origin).toBe(after);
    expect([before, after]).toMatchObject([
      { messages: 3, open: 2, worst: 2 },
      { messages: 2, open: 2, worst: 0 },
    ]);
  });

  it('makes no run of no messages where a sync or a frame too large comes first', () => {
    const decoder = createDecoder({ maxFrame, now: () => 7, origin: anOrigin(), nextOrigin: anOrigin });
    decoder.push(encodeFrame('b', '1'));
    expect(framesOf(decoder.push(encodeSync(7)))).toEqual([]);
    expect(framesOf(decoder.push(fromHex('01040000')))).toEqual([]);
  });

  it('says what it found', () => {
    const detailOf = (hex: string): readonly string[] => {
      const decoder = decoderOf();
      return detailsOf([...decoder.push(fromHex(hex)), ...decoder.end()]);
    };
    expect(detailOf('00000000')).toEqual(['body of 0 bytes, expected at least 2']);
    expect(detailOf('03000000 05 62 62')).toEqual(['bucket of 5 bytes in a body of 3']);
    expect(detailOf('05000000 01 62 03 6b 6b')).toEqual(['bucket of 1 and key of 3 bytes in a body of 5']);
    expect(detailOf('02000000 00 02')).toEqual(['a sync of 2 bytes, expected 6']);
    expect(detailOf('06000000 00 02 01000000')).toEqual(['a sync, where only messages are expected']);
    expect(detailOf('02000000 00 03')).toEqual(['extended body of type 3, which this version does not know']);
    expect(detailOf('05000000 02 c328 00 6d')).toEqual(['the name of the bucket is not UTF-8']);
    expect(detailOf('01000000 00')).toEqual(['body of 1 bytes, expected at least 2']);
    expect(detailOf('02000000 00 01')).toEqual(['a record of 2 bytes, expected at least 9']);
    expect(detailOf('09000000 00 01 10 01 62 0000 0000')).toEqual(['a record with the flags 16, expected at most 15']);
    expect(detailOf('09000000 00 01 00 00 00 0000 0000')).toEqual([
      'a record with a bucket of 0 bytes, expected 1 to 255',
    ]);
    expect(detailOf('09000000 00 01 00 09 62 0000 0000')).toEqual(['a record of 9 bytes with a bucket of 9']);
    expect(detailOf('0a000000 00 01 04 01 62 0100 6b 0000')).toEqual([
      'a record says that its key is null, and has 1 bytes of it',
    ]);
    expect(detailOf('09000000 00 01 01 01 62 0000 0000')).toEqual([
      'a record of 9 bytes with the flags 1, a bucket of 1 and a key of 0',
    ]);
    expect(detailOf('09000000 00 01 00 01 62 0000 0200')).toEqual(['a record of 2 headers ends before number 1']);
    expect(detailOf('0c000000 00 01 00 01 62 0000 0100 0900 61')).toEqual([
      'the name of header 1 runs past its record: 9 bytes',
    ]);
    expect(detailOf('10000000 00 01 00 01 62 0000 0100 0100 ff 00000000')).toEqual([
      'the name of header 1 of a record is not UTF-8',
    ]);
    expect(detailOf('10000000 00 01 00 01 62 0000 0100 0100 61 02000000')).toEqual([
      'the value of header 1 runs past its record: 2 bytes',
    ]);
    expect(detailOf('0a000000 00 01 08 01 62 0000 0000 6d')).toEqual([
      'a record says that its message is null, and has 1 bytes of it',
    ]);
    expect(detailOf('0b000000 00 01 00 02 c328 0000 0000 6d')).toEqual(['the name of the bucket is not UTF-8']);
    expect(detailOf('01040000')).toEqual([tooLargeBy(1)]);
    expect(detailOf('00000004')).toEqual(['body of 67108864 bytes, expected at most 1024 (MAX_FRAME)']);
    expect(detailOf('01000004')).toEqual([
      String.raw`length 67108865 (the bytes "\u0001\u0000\u0000\u0004"), expected at most 67108864`,
    ]);
    expect(detailOf('47455420')).toEqual(['length 542393671 (the bytes "GET "), expected at most 67108864']);
    expect(detailOf('0400')).toEqual(['the connection ended within a frame: 2 bytes of a length']);
    expect(detailOf('04000000 01')).toEqual(['the connection ended within a frame: 5 of 8 bytes']);
  });

  it('counts in the origin', () => {
    const origin = anOrigin();
    const decoder = decoderOf(origin);
    decoder.push(chunkOf(encodeFrame('b', '1'), encodeFrame('c', '2')));
    expect(origin).toEqual({ messages: 2, open: 2, worst: 0 });
    decoder.push(Buffer.alloc(4));
    expect(origin).toEqual({ messages: 3, open: 2, worst: 2 });
  });

  it('allocates nothing on a claim', () => {
    const decoder = createDecoder({ maxFrame: 60 << 20, now: () => 0, origin: anOrigin() });
    const before = process.memoryUsage().arrayBuffers;
    decoder.push(fromHex('00000003 01 62 00'));
    expect(decoder.pending).toBe(7);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1 << 20);
  });

  it('keeps little more of a frame in tiny pieces than its bytes', () => {
    const decoder = createDecoder({ maxFrame: 8 << 20, now: () => 0, origin: anOrigin() });
    const frame = encodeFrame('b', 'x'.repeat(1 << 20));
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < frame.length - 1; i += 1) decoder.push(frame.subarray(i, i + 1));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4 << 20);
    const [run] = framesOf(decoder.push(frame.subarray(-1)));
    expect(run?.bytes.equals(frame)).toBe(true);
  });

  it('is done after what is no frame, and after the end', () => {
    const noise = decoderOf();
    noise.push(fromHex('ffffffff'));
    expect(noise.done).toBe(true);
    expect(noise.push(chunkOf(encodeFrame('b', '1')))).toEqual([]);
    expect(noise.end()).toEqual([]);
    const ended = decoderOf();
    ended.end();
    expect(ended.push(chunkOf(encodeFrame('b', '1')))).toEqual([]);
  });

  it('shares tables between connections', () => {
    const tables = createDecoderTables();
    const shared = (): Decoder => createDecoder({ maxFrame, now: () => 0, origin: anOrigin(), tables });
    const [one, other] = [shared(), shared()];
    const turns = chunkOf(encodeFrame('a', '1'), encodeFrame('b', '2'), encodeFrame('a', '3'));
    for (const decoder of [one, other, one])
      expect(framesOf(decoder.push(turns)).flatMap(messagesIn)).toMatchObject([
        { bucket: 'a', message: '31' },
        { bucket: 'a', message: '33' },
        { bucket: 'b', message: '32' },
      ]);
  });

  describe('gathers what lies scattered', () => {
    const turns = (first: string, second: string): Buffer =>
      chunkOf(encodeFrame('a', first), encodeFrame('b', second), encodeFrame('a', first), encodeFrame('b', second));
    const pushTwice = (lasting: boolean): readonly string[] => {
      const tables = createDecoderTables(lasting);
      const decoder = createDecoder({ maxFrame, now: () => 0, origin: anOrigin(), tables });
      const first = framesOf(decoder.push(turns('1', '2')));
      decoder.push(turns('3', '4'));
      return first.flatMap(messagesIn).map(({ message }) => String(message));
    };

    it('into memory of its own', () => {
      expect(pushTwice(true)).toEqual(['31', '31', '32', '32']);
    });

    it('into the same memory each time, where it need not last', () => {
      expect(pushTwice(false)).toEqual(['33', '33', '34', '34']);
    });
  });
});
