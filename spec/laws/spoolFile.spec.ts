import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { isFrames, type Batch } from '../../src/model';
import { openSpoolFile } from '../../src/spool/openSpoolFile';
import type { SpoolReader, Window } from '../../src/spool/spoolReader';
import { createDecoder } from '../../src/wire/decoder';
import { encodeFrame, MAX_SKIPPED_BYTES } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { anOrigin, memoryLog } from '../../src/testing/builders';
import { inFolder } from '../support/fileSinks';

// Real files: a busy disk makes it slow.
jest.setTimeout(60_000);

const BUCKETS = ['a', 'b', 'é'] as const;

const frame = fc
  .tuple(fc.constantFrom(...BUCKETS), fc.uint8Array({ maxLength: 60 }), fc.string({ maxLength: 5 }), fc.boolean())
  .map(([bucket, message, key, isRecord]) =>
    isRecord ? encodeRecord(bucket, message, { key, timestampMs: 5 }) : encodeFrame(bucket, message, key),
  );
const file = fc.array(frame, { maxLength: 30 }).map((frames) => Buffer.concat(frames));
const maxBytes = fc.integer({ min: 1, max: 400 });

const bytesOf = (batch: Batch): Buffer => Buffer.concat(batch.frames.map(({ bytes }) => bytes));

/** The frames of each bucket, in order: what a reader must hand out, however it cuts them. */
const byBucket = (bytes: Buffer): ReadonlyMap<string, string> => {
  const decoder = createDecoder({ maxFrame: MAX_SKIPPED_BYTES, now: () => 0, origin: anOrigin() });
  const found = decoder.push(bytes).filter(isFrames);
  return new Map(found.map((frames) => [frames.bucket, frames.bytes.toString('hex')]));
};

const gathered = (windows: readonly Window[]): ReadonlyMap<string, string> => {
  const found = new Map<string, string>();
  for (const batch of windows.flatMap(({ batches }) => batches))
    found.set(batch.bucket, (found.get(batch.bucket) ?? '') + bytesOf(batch).toString('hex'));
  return found;
};

const withFile = (bytes: Uint8Array, use: (path: string) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    await use(path);
  });

const open = (path: string, bytes: number): Promise<SpoolReader> =>
  openSpoolFile(path, { log: memoryLog(), maxBytes: bytes });

describe('law: windows of any size, one behind the other, are the file', () => {
  it('for any frames', () =>
    fc.assert(
      fc.asyncProperty(file, maxBytes, (bytes, most) =>
        withFile(bytes, async (path) => {
          const reader = await open(path, most);
          const windows: Window[] = [];
          for (let window = await reader.next(); window; window = await reader.next()) windows.push(window);
          expect(gathered(windows)).toEqual(byBucket(bytes));
          const ends = windows.map(({ end }) => end);
          expect(windows.map(({ start }) => start)).toEqual(ends.length === 0 ? [] : [0, ...ends.slice(0, -1)]);
          expect(ends.at(-1) ?? 0).toBe(bytes.length);
          for (const { batches, start, end } of windows) {
            expect(batches.reduce((sum, batch) => sum + batch.bytes, 0)).toBe(end - start);
            const messages = batches.reduce((sum, { count }) => sum + count, 0);
            expect(end - start <= Math.max(4, most) || messages === 1).toBe(true);
          }
          await reader.remove();
        }),
      ),
      { numRuns: 60 },
    ));
});

describe('law: killed at any moment, nothing is missing, and what comes again was under way and is said to be', () => {
  it('for any number of windows between two ends', () =>
    fc.assert(
      fc.asyncProperty(
        file,
        fc.array(fc.record({ most: maxBytes, windows: fc.nat(6) }), { maxLength: 6 }),
        (bytes, lives) =>
          withFile(bytes, async (path) => {
            const abandoned: SpoolReader[] = [];
            /** Bytes that were handed out, and up to where all was settled. */
            let sent = 0;
            let settled = 0;
            const live = async (most: number, windows: number): Promise<void> => {
              const reader = await open(path, most);
              abandoned.push(reader);
              for (let n = 0; n < windows; n += 1) {
                const window = await reader.next();
                if (!window) {
                  settled = bytes.length;
                  return;
                }
                expect(n > 0 || window.start === settled).toBe(true);
                expect(window.maybeTwice).toBe(window.start < sent);
                settled = window.start;
                sent = Math.max(sent, window.end);
              }
            };
            for (const { most, windows } of lives) await live(most, windows);
            await live(100, Infinity);
            expect(sent).toBe(bytes.length);
            for (const reader of abandoned) await reader.close();
          }),
      ),
      { numRuns: 60 },
    ));
});

interface Damage {
  readonly kind: 'cut' | 'flip' | 'zeros';
  readonly at: number;
}

const damage = fc.record<Damage>({ kind: fc.constantFrom('cut', 'flip', 'zeros'), at: fc.nat() });

const placeOf = (bytes: Buffer, { at }: Damage): number => at % Math.max(1, bytes.length);

const damaged = (bytes: Buffer, how: Damage): Buffer => {
  const copy = Buffer.from(bytes);
  const place = placeOf(bytes, how);
  if (how.kind === 'cut') return copy.subarray(0, place);
  if (how.kind === 'zeros') return Buffer.concat([copy.fill(0, place), Buffer.alloc(20)]);
  if (copy.length > 0) copy[place] = (copy[place] ?? 0) ^ (1 << (how.at % 8));
  return copy;
};

/** The end of the last frame that is all in front of `place`. */
const endInFrontOf = (bytes: Buffer, place: number): number => {
  let end = 0;
  while (end + 4 <= bytes.length && end + 4 + bytes.readUInt32LE(end) <= place) end += 4 + bytes.readUInt32LE(end);
  return end;
};

describe('law: of a damaged file all in front of the damage is handed out, and that and what is aside are the file', () => {
  it('for any cut, bit and fill', () =>
    fc.assert(
      fc.asyncProperty(file, damage, maxBytes, (intact, how, most) => {
        const bytes = damaged(intact, how);
        return withFile(bytes, async (path) => {
          const reader = await open(path, most);
          const windows: Window[] = [];
          for (let window = await reader.next(); window; window = await reader.next()) windows.push(window);
          const kept = await readFile(path);
          const aside = await readFile(`${path}.bad`).catch(() => Buffer.alloc(0));
          expect(Buffer.concat([kept, aside])).toEqual(bytes);
          expect(gathered(windows)).toEqual(byBucket(kept));
          expect(kept.length).toBeGreaterThanOrEqual(endInFrontOf(intact, placeOf(intact, how)));
          await reader.remove();
        });
      }),
      { numRuns: 100 },
    ));
});
