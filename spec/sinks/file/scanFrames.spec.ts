import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { scanFrames, type Scan } from '../../../src/sinks/file/scanFrames';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { inFolder } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const scanned = async (bytes: Uint8Array): Promise<Scan> => {
  let scan: Scan = { end: -1, tail: 'none', bucket: undefined };
  await inFolder(async (folder) => {
    const path = join(folder, 'f');
    await writeFile(path, bytes);
    const handle = await open(path);
    scan = await scanFrames(handle, bytes.length);
    await handle.close();
  });
  return scan;
};

const frame = encodeFrame('requests', 'a message', 'key');
const record = encodeRecord('requests', 'a message', {
  key: 'key',
  timestampMs: 1_700_000_000_000,
  headers: [['name', 'value']],
});
/** A record's head is as long as this one's at most; its key, headers and message are longer than what is read at once. */
const large = encodeRecord('b'.repeat(255), Buffer.alloc(300_000), {
  key: 'k'.repeat(65_535),
  headers: [['name', Buffer.alloc(300_000)]],
});

describe('scanFrames', () => {
  it('finds nothing in nothing', async () => {
    expect(await scanned(Buffer.alloc(0))).toEqual({ end: 0, tail: 'none', bucket: undefined });
  });

  it('finds whole frames to the end', async () => {
    const bytes = Buffer.concat([frame, encodeFrame('b', ''), encodeFrame('b', Buffer.alloc(700_000))]);
    expect(await scanned(bytes)).toEqual({ end: bytes.length, tail: 'none', bucket: 'requests' });
  });

  it('finds records and version 1 frames beside each other', async () => {
    const bytes = Buffer.concat([record, frame, large, large, encodeRecord('b', null), frame]);
    expect(await scanned(bytes)).toEqual({ end: bytes.length, tail: 'none', bucket: 'requests' });
    expect(await scanned(Buffer.concat([large, record]))).toMatchObject({ tail: 'none', bucket: 'b'.repeat(255) });
  });

  it.each([
    ['a frame', frame],
    ['a record', record],
  ])('finds %s torn at every place', async (_, torn) => {
    for (let cut = 1; cut < torn.length; cut += 1) {
      expect(await scanned(Buffer.concat([torn, torn.subarray(0, cut)]))).toEqual({
        end: torn.length,
        tail: 'torn',
        bucket: 'requests',
      });
    }
  });

  it.each([
    ['frame', frame, 13],
    ['record', record, 16],
  ])('knows whose a torn first %s is once its bucket can be seen', async (_, torn, bucketEnd) => {
    expect(await scanned(torn.subarray(0, bucketEnd - 1))).toEqual({ end: 0, tail: 'torn', bucket: undefined });
    expect(await scanned(torn.subarray(0, bucketEnd))).toEqual({ end: 0, tail: 'torn', bucket: 'requests' });
  });

  it.each([
    ['zeros', Buffer.alloc(40)],
    ['a body too short', Buffer.from([2, 0, 0, 0, 1, 97])],
    ['a length beyond 64 MB', Buffer.from([1, 0, 0, 4, 1, 97, 0])],
    ['a bucket beyond its body', Buffer.from([4, 0, 0, 0, 200, 97, 0, 0])],
    ['a key beyond its body', Buffer.from([4, 0, 0, 0, 1, 97, 3, 0])],
    ['a bucket that is no UTF-8', Buffer.from([4, 0, 0, 0, 1, 0xff, 0, 0])],
    ['an extended body of another type', Buffer.from('0a000000' + '00020001620000' + '00006d', 'hex')],
    ['a record with an unknown flag', Buffer.from('0a000000' + '00011001620000' + '00006d', 'hex')],
    ['a record with an empty bucket', Buffer.from('0a000000' + '000100000000' + '00006d6d', 'hex')],
    ['a record with a bucket that is no UTF-8', Buffer.from('0a000000' + '00010001ff0000' + '00006d', 'hex')],
    ['a record with a bucket beyond its body', Buffer.from('0a000000' + '00010009620000' + '00006d', 'hex')],
    ['a record with a key beyond its body', Buffer.from('0a000000' + '00010001620900' + '00006d', 'hex')],
    ['a record with a null key that has bytes', Buffer.from('0a000000' + '00010401620100' + '6b0000', 'hex')],
    ['a record without room for its time', Buffer.from('0a000000' + '00010101620000' + '00006d', 'hex')],
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('stops before %s', async (_, foreign) => {
    expect(await scanned(Buffer.concat([frame, foreign, frame]))).toEqual({
      end: frame.length,
      tail: 'foreign',
      bucket: 'requests',
    });
  });

  it('finds the whole frames of any cut of any frames', async () => {
    const size = fc.oneof(fc.nat(300), fc.nat(200_000));
    const sizes = fc.array(fc.tuple(size, fc.boolean()), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.double({ min: 0, max: 1, noNaN: true }), async (messageBytes, part) => {
        const all = messageBytes.map(([size, isRecord]) =>
          (isRecord ? encodeRecord : encodeFrame)('b', Buffer.alloc(size, 1)),
        );
        const bytes = Buffer.concat(all);
        const cut = Math.floor(part * bytes.length);
        const ends = all.reduce<number[]>((sums, { length }) => [...sums, (sums.at(-1) ?? 0) + length], [0]);
        const end = Math.max(...ends.filter((at) => at <= cut));
        expect(await scanned(bytes.subarray(0, cut))).toMatchObject({ end, tail: end === cut ? 'none' : 'torn' });
      }),
      { numRuns: 50 },
    );
  });
});
