import type { Decoded, Frames } from '../../src/model';
import { isRefused } from '../../src/model';
import { type Decoder, createDecoder, createDecoderTables } from '../../src/wire/decoder';
import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { anOrigin } from '../support/builders';
import { frameVectors } from '../vectors/frames';

const MAX_FRAME = 1024;

const decoderOf = (origin = anOrigin()): Decoder => createDecoder({ maxFrame: MAX_FRAME, now: () => 7, origin });

const fromHex = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');

/** A chunk with memory of its own, as a socket gives it. */
const chunkOf = (...parts: readonly Uint8Array[]): Buffer => {
  const bytes = Buffer.concat(parts);
  const chunk = Buffer.allocUnsafeSlow(bytes.length);
  chunk.set(bytes);
  return chunk;
};

const framesOf = (decoded: readonly Decoded[]): readonly Frames[] =>
  decoded.filter((one): one is Frames => !isRefused(one));

const detailsOf = (decoded: readonly Decoded[]): readonly string[] =>
  decoded.filter(isRefused).map(({ detail }) => detail);

const messagesIn = ({ bucket, bytes }: Frames): readonly (readonly string[])[] => {
  const cursor = new MessageCursor(bytes);
  const found: string[][] = [];
  while (cursor.next())
    found.push([
      bucket,
      bytes.toString('utf8', cursor.keyStart, cursor.valueStart),
      bytes.toString('utf8', cursor.valueStart, cursor.end),
    ]);
  return found;
};

describe('createDecoder', () => {
  it.each(frameVectors)('reads $name', ({ bytes, accepted, refused }) => {
    const decoder = decoderOf();
    const decoded = [...decoder.push(fromHex(bytes)), ...decoder.end()];
    expect(framesOf(decoded).flatMap(messagesIn)).toEqual(accepted);
    expect(Object.fromEntries(decoded.filter(isRefused).map(({ reason, count }) => [reason, count]))).toEqual(refused);
    expect(framesOf(decoded).map(({ count }) => count)).toEqual(framesOf(decoded).map((run) => messagesIn(run).length));
  });

  it.each(frameVectors)('reads $name byte by byte', ({ bytes, accepted, refused }) => {
    const decoder = decoderOf();
    const decoded = [...fromHex(bytes)].flatMap((byte) => [...decoder.push(Buffer.of(byte))]).concat(decoder.end());
    const read = framesOf(decoded).flatMap(messagesIn);
    expect(read.toSorted()).toEqual([...accepted].toSorted());
    const counts: Record<string, number> = {};
    for (const { reason, count } of decoded.filter(isRefused)) counts[reason] = (counts[reason] ?? 0) + count;
    expect(counts).toEqual(refused);
  });

  it('hands on a chunk of one bucket as it is', () => {
    const chunk = chunkOf(encodeFrame('b', '1'), encodeFrame('b', '2'));
    const [run, ...others] = framesOf(decoderOf().push(chunk));
    expect(run?.bytes).toBe(chunk);
    expect(run).toMatchObject({ bucket: 'b', count: 2, arrivedMs: 7 });
    expect(others).toEqual([]);
  });

  it('shows most of a chunk and copies a small part of it', () => {
    const first = encodeFrame('b', 'x'.repeat(300));
    const second = encodeFrame('b', 'x'.repeat(200));
    const most = chunkOf(first, second.subarray(0, 100));
    const small = chunkOf(second.subarray(100), encodeFrame('b', 'y'), first.subarray(0, 250));
    const decoder = decoderOf();
    expect(framesOf(decoder.push(most)).map(({ bytes }) => bytes.buffer === most.buffer)).toEqual([true]);
    expect(framesOf(decoder.push(small)).map(({ bytes }) => bytes.buffer === small.buffer)).toEqual([false, false]);
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
      expect(runs.flatMap(messagesIn).map(([, , message]) => message?.[0])).toEqual(['0', '2', '5', '1', '4', '3']);
    }
  });

  it('gives one refusal a reason and chunk, with the first detail', () => {
    const [refused, ...others] = decoderOf().push(Buffer.alloc(4000));
    expect(refused).toMatchObject({ reason: 'malformed', count: 1000, bytes: 4000 });
    expect(others).toEqual([]);
  });

  it('says what it found', () => {
    const detailOf = (hex: string): readonly string[] => {
      const decoder = decoderOf();
      return detailsOf([...decoder.push(fromHex(hex)), ...decoder.end()]);
    };
    expect(detailOf('00000000')).toEqual(['body of 0 bytes, expected at least 2']);
    expect(detailOf('03000000 05 62 62')).toEqual(['bucket of 5 bytes in a body of 3']);
    expect(detailOf('05000000 01 62 03 6b 6b')).toEqual(['bucket of 1 and key of 3 bytes in a body of 5']);
    expect(detailOf('02000000 00 02')).toEqual(['extended body of type 2, which this version does not know']);
    expect(detailOf('05000000 02 c328 00 6d')).toEqual(['the name of the bucket is not UTF-8']);
    expect(detailOf('01040000')).toEqual(['body of 1025 bytes, expected at most 1024 (MAX_FRAME)']);
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
    const shared = (): Decoder => createDecoder({ maxFrame: MAX_FRAME, now: () => 0, origin: anOrigin(), tables });
    const [one, other] = [shared(), shared()];
    const turns = chunkOf(encodeFrame('a', '1'), encodeFrame('b', '2'), encodeFrame('a', '3'));
    const expected = [
      ['a', '', '1'],
      ['a', '', '3'],
      ['b', '', '2'],
    ];
    for (const decoder of [one, other, one])
      expect(framesOf(decoder.push(turns)).flatMap(messagesIn)).toEqual(expected);
  });
});
