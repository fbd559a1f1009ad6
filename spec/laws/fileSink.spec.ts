import { join } from 'node:path';
import fc from 'fast-check';
import { batchOf, messagesOf, testEnv } from '../../src/testing/builders';
import { filesIn, inFolder, messagesIn, openFile, written } from '../support/fileSinks';

interface Step {
  readonly bucket: string;
  readonly lengths: readonly number[];
}

const steps = fc.array(
  fc.record<Step>({
    bucket: fc.constantFrom('a', 'b', 'a-1', '../é'),
    lengths: fc.array(fc.nat(120), { minLength: 1, maxLength: 6 }),
  }),
  { maxLength: 12 },
);

// Real files: a busy disk makes it slow.
jest.setTimeout(60_000);

describe('law: what was written to files, in runs and rotations of any kind, lies there once and in order', () => {
  it.each(['{bucket}', '{bucket}/{ts}.log', '{rand}-{bucket}', 'all-{ts}'])('template %s', (fileNameTemplate) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(steps, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 600 }),
        fc.boolean(),
        fc.constantFrom('never', 'interval', 'batch'),
        (runs, sizeRotate, atOnce, fsync) =>
          inFolder(async (path) => {
            const expected = new Map<string, string[]>();
            let letters = 0;
            const random = (): number => ((letters += 1) * 0.618) % 1;
            for (const [run, ofRun] of runs.entries()) {
              let nowMs = 1_700_000_000_000 + run * 1_000_000;
              const sink = await openFile(
                { path, fileNameTemplate, sizeRotate, fsync, fsyncIntervalMs: 1 },
                testEnv({ random, now: () => (nowMs += 300) }),
              );
              const pending: Promise<unknown>[] = [];
              for (const [index, { bucket, lengths }] of ofRun.entries()) {
                const batch = batchOf(
                  bucket,
                  lengths.map((length, n) => `${run}.${index}.${n} ${'x'.repeat(length)}`),
                );
                expected.set(bucket, [...(expected.get(bucket) ?? []), ...messagesOf(batch)]);
                pending.push(written(sink, batch));
                if (!atOnce) await pending.at(-1);
              }
              await Promise.all(pending);
              await sink.close();
            }
            const found = await Promise.all((await filesIn(path)).map((name) => messagesIn(join(path, name))));
            const all = found.flat();
            expect([...all].sort()).toEqual([...expected.values()].flat().sort());
            for (const texts of expected.values()) {
              const own = new Set(texts);
              expect(all.filter((text) => own.has(text))).toEqual(texts);
            }
          }),
      ),
      { numRuns: 30 },
    ),
  );
});
