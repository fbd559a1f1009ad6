import { readdir, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import { NO_OPTIONS } from '../../../src/model';
import { openFileSink } from '../../../src/sinks/file/openFileSink';
import { parseTemplate } from '../../../src/sinks/file/template';
import { batchOf, testEnv } from '../../../src/testing/builders';
import { filesIn, inFolder, messagesIn, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

/** Files in `folder` that this process has open. */
const openIn = async (folder: string): Promise<number> => {
  const links = await Promise.all(
    (await readdir('/proc/self/fd')).map((fd) => readlink(join('/proc/self/fd', fd)).catch(() => '')),
  );
  return links.filter((target) => target.startsWith(`${folder}/`)).length;
};

const openWith = (path: string, mostOpen: number, options = NO_OPTIONS, template = '{bucket}-{ts}') => {
  const parsed = parseTemplate(template);
  if (E.isLeft(parsed)) throw new Error(parsed.left.join());
  let nowMs = 1_700_000_000_000;
  const env = testEnv({ now: () => (nowMs += 100) });
  const sizes = { sizeRotate: 1e6, ageRotate: undefined, maxFiles: 100 };
  const durability = { fsync: 'interval', fsyncIntervalMs: 1000 } as const;
  return openFileSink({ path, template: parsed.right, ...sizes, ...durability }, env, options, {
    open: mostOpen,
    remembered: 100,
  });
};

describe('file: more buckets than open files', () => {
  it('writes to all of them, in order, and holds no more open than it may', () =>
    inFolder(async (path) => {
      const sink = openWith(path, 3);
      const buckets = Array.from({ length: 12 }, (_, n) => `bucket${n}`);
      const rounds = Array.from({ length: 8 }, (_, n) => `${n}`);
      let most = 0;
      await Promise.all(
        rounds.flatMap((text) =>
          buckets.map(async (bucket) => {
            await written(sink, batchOf(bucket, [text]));
            most = Math.max(most, await openIn(path));
          }),
        ),
      );
      expect(most).toBeLessThanOrEqual(3);
      await sink.close();
      expect(await openIn(path)).toBe(0);
      const names = await filesIn(path);
      expect(names).toHaveLength(buckets.length);
      for (const name of names) expect(await messagesIn(join(path, name))).toEqual(rounds);
    }));

  it('goes on with the same file after it was closed for another', () =>
    inFolder(async (path) => {
      const sink = openWith(path, 1);
      for (const text of ['1', '2', '3']) {
        for (const bucket of ['a', 'b']) await written(sink, batchOf(bucket, [text]));
      }
      await sink.close();
      const names = await filesIn(path);
      expect(names.map((name) => name[0])).toEqual(['a', 'b']);
      for (const name of names) expect(await messagesIn(join(path, name))).toEqual(['1', '2', '3']);
    }));
});
