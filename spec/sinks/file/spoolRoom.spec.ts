import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filter, firstValueFrom, VirtualTimeScheduler } from 'rxjs';
import { encodeRecord } from '../../../src/wire/record';
import { batchOf, memoryLog, messagesOf, testEnv } from '../../../src/testing/builders';
import { failed, filesIn, inFolder, messagesIn, openSpool, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const all = (): boolean => true;

describe('file to be sent on: maxFiles', () => {
  it('deletes nothing: what comes then is unavailable, with a cause that says what to do', () =>
    inFolder(async (path) => {
      const log = memoryLog();
      const env = testEnv({ log, scheduler: new VirtualTimeScheduler() });
      const sink = await openSpool({ path, sizeRotate: 1, maxFiles: 2 }, env);
      for (const text of ['1', '2']) await written(sink, batchOf('a', [text]));
      const batch = batchOf('a', ['3', '4']);
      const { rest } = await failed(sink, batch);
      const cause = expect.stringMatching(/2 files of the bucket "a" wait to be sent on.*raise `maxFiles`/) as unknown;
      expect(rest).toMatchObject([{ cause: { kind: 'unavailable', message: cause }, written: 'no' }]);
      expect(rest.flatMap((part) => messagesOf(part.batch))).toEqual(['3', '4']);
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'down', cause });
      expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
      // Other buckets have room of their own.
      await written(sink, batchOf('b', ['1']));
      await sink.close();
      expect((await readdir(path)).sort()).toEqual(['a', 'a-1', 'b']);
    }));

  it('goes on with the next write after a file was sent on, once a second has passed', () =>
    inFolder(async (path) => {
      let nowMs = 1_700_000_000_000;
      const env = testEnv({ now: () => nowMs, scheduler: new VirtualTimeScheduler() });
      const sink = await openSpool({ path, sizeRotate: 1, maxFiles: 2 }, env);
      for (const text of ['1', '2']) await written(sink, batchOf('a', [text]));
      await failed(sink, batchOf('a', ['3']));
      await rm(join(path, 'a'));
      // Not counted anew for each batch.
      await failed(sink, batchOf('a', ['3']));
      nowMs += 1000;
      await written(sink, batchOf('a', ['3']));
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
      await sink.close();
    }));

  it('goes on at once where files are listed, as who sends them on does', () =>
    inFolder(async (path) => {
      const sink = await openSpool(
        { path, sizeRotate: 1, maxFiles: 2 },
        testEnv({ scheduler: new VirtualTimeScheduler() }),
      );
      for (const text of ['1', '2']) await written(sink, batchOf('a', [text]));
      await failed(sink, batchOf('a', ['3']));
      const [first] = await sink.spool.files(all);
      await rm(first?.path ?? '');
      await sink.spool.files(all);
      await written(sink, batchOf('a', ['3']));
      await sink.close();
      expect(await messagesIn(join(path, 'a-2'))).toEqual(['3']);
    }));

  it('is up again by itself, without a batch', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path, sizeRotate: 1, maxFiles: 1 });
      await written(sink, batchOf('a', ['1']));
      await failed(sink, batchOf('a', ['2']));
      await sink.spool.files(all);
      await rm(join(path, 'a'));
      expect(await firstValueFrom(sink.health$.pipe(filter(({ state }) => state === 'up')))).toEqual({ state: 'up' });
      await written(sink, batchOf('a', ['2']));
      await sink.close();
    }));

  it('stays down by itself while there is no room', () =>
    inFolder(async (path) => {
      const scheduler = new VirtualTimeScheduler();
      const sink = await openSpool({ path, sizeRotate: 1, maxFiles: 1 }, testEnv({ scheduler }));
      await written(sink, batchOf('a', ['1']));
      await failed(sink, batchOf('a', ['2']));
      scheduler.flush();
      // The probe lists files; so does this, after it.
      await sink.spool.files(all);
      await sink.spool.files(all);
      expect(await firstValueFrom(sink.health$)).toMatchObject({ state: 'down' });
      await sink.close();
    }));

  it('counts what an earlier process left, open files included, and no stranger’s', () =>
    inFolder(async (path) => {
      for (const name of ['a', 'a-1.part']) await writeFile(join(path, name), encodeRecord('a', 'old'));
      for (const name of ['a-2', 'a-3', 'a.bad']) await writeFile(join(path, name), 'a stranger’s');
      await writeFile(join(path, 'b'), encodeRecord('b', 'old'));
      const sink = await openSpool({ path, maxFiles: 3, sizeRotate: 1 });
      await written(sink, batchOf('a', ['third']));
      await failed(sink, batchOf('a', ['fourth']));
      await sink.close();
      expect((await filesIn(path)).length).toBe(7);
    }));

  it('counts all buckets together where they share files', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path, fileNameTemplate: 'all', maxFiles: 2, sizeRotate: 1 });
      await Promise.all(['a', 'b'].map((bucket) => written(sink, batchOf(bucket, ['m']))));
      const { rest } = await failed(sink, batchOf('c', ['m']));
      expect(rest).toMatchObject([{ cause: { message: expect.stringContaining(': 2 files wait') as unknown } }]);
      await sink.close();
    }));

  it('never makes more, however many buckets begin at once', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path, maxFiles: 3, sizeRotate: 1 });
      const buckets = Array.from({ length: 20 }, (_, n) => `b${n}`);
      const writes = buckets.flatMap((bucket) =>
        Array.from({ length: 5 }, (_, n) => written(sink, batchOf(bucket, [`${bucket} ${n}`]))),
      );
      const [ends] = await Promise.all([Promise.allSettled(writes), sink.spool.files(all), sink.spool.files(all)]);
      await sink.close();
      const names = await readdir(path);
      const found = await Promise.all(names.map((name) => messagesIn(join(path, name))));
      const kept = writes.filter((_, n) => ends[n]?.status === 'fulfilled').length;
      expect(found.flat()).toHaveLength(kept);
      for (const bucket of buckets) {
        // Fewer, and a file that is listed while it is made would count twice.
        expect(names.filter((name) => name.split('-')[0] === bucket)).toHaveLength(3);
      }
    }));
});
