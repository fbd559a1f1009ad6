import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { scanFrames, type Scan } from '../../../src/sinks/file/scanFrames';
import { encodeFrame } from '../../../src/wire/frame';
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

describe('scanFrames', () => {
  it('finds nothing in nothing', async () => {
    expect(await scanned(Buffer.alloc(0))).toEqual({ end: 0, tail: 'none', bucket: undefined });
  });

  it('finds whole frames to the end', async () => {
    const bytes = Buffer.concat([frame, encodeFrame('b', ''), encodeFrame('b', Buffer.alloc(700_000))]);
    expect(await scanned(bytes)).toEqual({ end: bytes.length, tail: 'none', bucket: 'requests' });
  });

  it('finds a frame torn at every place', async () => {
    for (let cut = 1; cut < frame.length; cut += 1) {
      expect(await scanned(Buffer.concat([frame, frame.subarray(0, cut)]))).toEqual({
        end: frame.length,
        tail: 'torn',
        bucket: 'requests',
      });
    }
  });

  it('knows whose a torn first frame is once its bucket can be seen', async () => {
    expect(await scanned(frame.subarray(0, 12))).toEqual({ end: 0, tail: 'torn', bucket: undefined });
    expect(await scanned(frame.subarray(0, 13))).toEqual({ end: 0, tail: 'torn', bucket: 'requests' });
  });

  it.each([
    ['zeros', Buffer.alloc(40)],
    ['a body too short', Buffer.from([2, 0, 0, 0, 1, 97])],
    ['a length beyond 64 MB', Buffer.from([1, 0, 0, 4, 1, 97, 0])],
    ['a bucket beyond its body', Buffer.from([4, 0, 0, 0, 200, 97, 0, 0])],
    ['a key beyond its body', Buffer.from([4, 0, 0, 0, 1, 97, 3, 0])],
    ['a bucket that is no UTF-8', Buffer.from([4, 0, 0, 0, 1, 0xff, 0, 0])],
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
  ])('stops before %s', async (_, foreign) => {
    expect(await scanned(Buffer.concat([frame, foreign, frame]))).toEqual({
      end: frame.length,
      tail: 'foreign',
      bucket: 'requests',
    });
  });

  it('finds the whole frames of any cut of any frames', async () => {
    const sizes = fc.array(fc.oneof(fc.nat(300), fc.nat(200_000)), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.double({ min: 0, max: 1, noNaN: true }), async (messageBytes, part) => {
        const all = messageBytes.map((size) => encodeFrame('b', Buffer.alloc(size, 1)));
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
