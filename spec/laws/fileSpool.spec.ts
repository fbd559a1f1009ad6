import { writeFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { SpoolFile } from '../../src/model';
import { encodeRecord } from '../../src/wire/record';
import { batchOf, testEnv } from '../../src/testing/builders';
import { filesIn, inFolder, messagesIn, openSpool, written } from '../support/fileSinks';

const buckets = ['a', 'b', 'a-1', 'a.part', '../é'];

type Step =
  | { readonly do: 'write'; readonly bucket: string; readonly lengths: readonly number[]; readonly wait: boolean }
  /** Lists, with some buckets blocked, and sends on so many of the files. */
  | { readonly do: 'send'; readonly blocked: readonly string[]; readonly files: number }
  | { readonly do: 'restart'; readonly torn: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      bucket: fc.constantFrom(...buckets),
      lengths: fc.array(fc.nat(120), { minLength: 1, maxLength: 4 }),
      wait: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('send' as const), blocked: fc.subarray(buckets), files: fc.nat(5) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), torn: fc.boolean() }) },
);

// Real files: a busy disk makes it slow.
jest.setTimeout(60_000);

describe('law: what was written to be sent on is listed once and in order, however it is closed, sent on and begun anew', () => {
  it.each(['{bucket}', '{bucket}/{ts}.log', 'all', '{ts}.frames'])('template %s', (fileNameTemplate) =>
    fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 25 }),
        fc.integer({ min: 1, max: 600 }),
        fc.constantFrom('never', 'interval', 'batch'),
        (steps, sizeRotate, fsync) =>
          inFolder(async (path) => {
            let nowMs = 1_700_000_000_000;
            const settings = { path, fileNameTemplate, sizeRotate, fsync, fsyncIntervalMs: 1 };
            const open = () => openSpool(settings, testEnv({ now: () => (nowMs += 300) }));
            const expected = new Map<string, string[]>();
            const sent: string[] = [];
            const send = async ({ path: at }: SpoolFile): Promise<void> => {
              sent.push(...(await messagesIn(at)));
              await rm(at);
            };
            let sink = await open();
            let pending: Promise<unknown>[] = [];
            for (const [index, now] of steps.entries()) {
              if (now.do === 'write') {
                const texts = now.lengths.map((length, n) => `${now.bucket} ${index}.${n} ${'x'.repeat(length)}`);
                expected.set(now.bucket, [...(expected.get(now.bucket) ?? []), ...texts]);
                pending.push(written(sink, batchOf(now.bucket, texts)));
                if (now.wait) await pending.at(-1);
              } else if (now.do === 'send') {
                const files = await sink.spool.files((bucket) => !now.blocked.includes(bucket));
                for (const file of files.slice(0, now.files)) await send(file);
              } else {
                await Promise.all(pending);
                pending = [];
                await sink.close();
                // What a crash leaves: a file that is open, with half a frame.
                if (now.torn && fileNameTemplate === 'all') {
                  await writeFile(join(path, `all-${1000 + index}.part`), encodeRecord('a', 'torn').subarray(0, -2));
                }
                sink = await open();
              }
            }
            await Promise.all(pending);
            for (const file of await sink.spool.files(() => true)) await send(file);
            await sink.close();
            expect(await filesIn(path)).toEqual([]);
            expect([...sent].sort()).toEqual([...expected.values()].flat().sort());
            for (const [bucket, texts] of expected) {
              expect(sent.filter((text) => text.startsWith(`${bucket} `))).toEqual(texts);
            }
          }),
      ),
      { numRuns: 30 },
    ),
  );
});
