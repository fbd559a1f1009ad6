import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import * as E from 'fp-ts/Either';
import { NO_OPTIONS, type Sink, type SpoolFile } from '../../../src/model';
import { openFileSink } from '../../../src/sinks/file/openFileSink';
import { parseTemplate } from '../../../src/sinks/file/template';
import { encodeRecord } from '../../../src/wire/record';
import { batchOf, testEnv } from '../../../src/testing/builders';
import { inFolder, messagesIn, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(60_000);

const openOne = (path: string, ageRotate?: number): Sink => {
  const parsed = parseTemplate('{bucket}');
  if (E.isLeft(parsed)) throw new Error(parsed.left.join());
  const settings = { path, template: parsed.right, sizeRotate: 1e6, ageRotate, maxFiles: 100 };
  const durability = { fsync: 'never', fsyncIntervalMs: 1000 } as const;
  return openFileSink(
    { ...settings, ...durability },
    testEnv({ now: Date.now }),
    { ...NO_OPTIONS, spools: true },
    {
      open: 1,
      remembered: 10,
    },
  );
};

const listed = async (sink: Sink, closes: (bucket: string) => boolean): Promise<readonly string[]> =>
  ((await sink.spool?.files(closes)) ?? []).map(({ path }: SpoolFile) => basename(path));

const turns = async (sink: Sink, texts: readonly string[]): Promise<void> => {
  for (const text of texts) for (const bucket of ['a', 'b']) await written(sink, batchOf(bucket, [text]));
};

describe('file to be sent on: closed to make room for another', () => {
  it('stays a part, and is gone on with', () =>
    inFolder(async (path) => {
      const sink = openOne(path);
      await turns(sink, ['1', '2', '3']);
      expect((await readdir(path)).sort()).toEqual(['a.part', 'b.part']);
      await sink.close();
      expect((await readdir(path)).sort()).toEqual(['a', 'b']);
      for (const name of ['a', 'b']) expect(await messagesIn(join(path, name))).toEqual(['1', '2', '3']);
    }));

  it('is closed for good where that is allowed, and only there', () =>
    inFolder(async (path) => {
      const sink = openOne(path);
      await turns(sink, ['1']);
      expect(await listed(sink, (bucket) => bucket === 'b')).toEqual(['b']);
      expect((await readdir(path)).sort()).toEqual(['a.part', 'b']);
      await turns(sink, ['2']);
      expect(await listed(sink, () => true)).toEqual(['a', 'b', 'b-1']);
      expect(await messagesIn(join(path, 'a'))).toEqual(['1', '2']);
      expect(await messagesIn(join(path, 'b-1'))).toEqual(['2']);
      await sink.close();
    }));

  it('is closed for good once it is too old', () =>
    inFolder(async (path) => {
      const sink = openOne(path, 1);
      await turns(sink, ['1']);
      const madeMs = Date.now();
      while (Date.now() <= madeMs + 1) await setImmediate();
      await turns(sink, ['2']);
      await sink.close();
      expect(await Promise.all(['a', 'a-1'].map((name) => messagesIn(join(path, name))))).toEqual([['1'], ['2']]);
    }));

  it('is not missed when it was deleted meanwhile, nor what took its place touched', () =>
    inFolder(async (path) => {
      const sink = openOne(path);
      await turns(sink, ['1']);
      await rm(join(path, 'a.part'));
      const theirs = encodeRecord('other', 'theirs');
      await writeFile(join(path, 'a.part'), theirs);
      await turns(sink, ['2']);
      await sink.close();
      expect((await readdir(path)).sort()).toEqual(['a-1', 'a.part', 'b']);
      expect(await readFile(join(path, 'a.part'))).toEqual(theirs);
      expect(await messagesIn(join(path, 'a-1'))).toEqual(['2']);
    }));

  it('is closed for good when its bucket is forgotten for newer ones', () =>
    inFolder(async (path) => {
      const sink = openOne(path);
      for (let n = 0; n < 50; n += 1) await written(sink, batchOf(`b${n}`, ['m']));
      const names = await readdir(path);
      expect(names.filter((name) => name.endsWith('.part')).length).toBeLessThanOrEqual(11);
      expect(names).toHaveLength(50);
      await written(sink, batchOf('b0', ['again']));
      const files = await listed(sink, (bucket) => bucket === 'b0');
      expect(files[0]).toBe('b0');
      expect(files.at(-1)).toBe('b0-1');
      await sink.close();
      expect((await readdir(path)).filter((name) => name.endsWith('.part'))).toEqual([]);
    }));
});
