import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { firstValueFrom, VirtualTimeScheduler } from 'rxjs';
import { batchOf, messagesOf, testEnv } from '../../../src/testing/builders';
import { onExt4, onSmallDisk } from '../../support/disks';
import { failed, filesIn, inFolder, messagesIn, openSpool, written, type SpoolSink } from '../../support/fileSinks';
import { itMounts, itMountsExt4 } from '../../support/itMounts';
import { survivesRemovals } from './removals';
import { itTraces, itTracesOnDisk, traced, until } from './straced';

// A process of its own, which is traced: slow.
jest.setTimeout(60_000);

const all = (): boolean => true;
const r = (...texts: readonly string[]) => ({ bucket: 'r', texts });
const texts = (prefix: string, howMany: number): readonly string[] =>
  Array.from({ length: howMany }, (_, n) => `${prefix}${n} ${'x'.repeat(1000)}`);
const namesOf = (paths: readonly string[] | string): readonly string[] =>
  typeof paths === 'string' ? [paths] : paths.map((path) => basename(path));
const textsOf = async (sink: SpoolSink): Promise<readonly string[]> =>
  (await Promise.all((await sink.spool.files(all)).map(({ path }) => messagesIn(path)))).flat();

const DISK_BYTES = 256 * 1024;

describe('file to be sent on: a full disk', () => {
  itMounts('cuts off the batch that did not fit, whole, and takes it once there is room', () =>
    onSmallDisk(DISK_BYTES, async (path) => {
      // Its timers stand still: nothing but a batch finds out.
      const sink = await openSpool({ path }, testEnv({ scheduler: new VirtualTimeScheduler() }));
      await written(sink, batchOf('r', texts('a', 100)));
      const before = (await stat(join(path, 'r.part'))).size;
      await writeFile(join(path, 'ballast'), Buffer.alloc(100 * 1024));
      const batch = batchOf('r', texts('b', 100));
      const { rest } = await failed(sink, batch);
      expect(rest).toMatchObject([{ cause: { kind: 'unavailable' }, written: 'no' }]);
      expect(rest.flatMap((part) => messagesOf(part.batch))).toEqual(messagesOf(batch));
      expect((await stat(join(path, 'r.part'))).size).toBe(before);
      await rm(join(path, 'ballast'));
      await written(sink, batch);
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
      expect(await textsOf(sink)).toEqual([...texts('a', 100), ...texts('b', 100)]);
      expect(await readdir(path)).toEqual(['r']);
      await sink.close();
    }),
  );

  itMounts('keeps of batches written in one call those that fitted as records', () =>
    onSmallDisk(DISK_BYTES, async (path) => {
      const sink = await openSpool({ path });
      // Short messages: as records they take much more than came.
      const batches = Array.from({ length: 12 }, (_, n) =>
        batchOf(
          'r',
          Array.from({ length: 1500 }, (__, m) => `${n}.${m}`),
        ),
      );
      const ends = await Promise.allSettled(batches.map((batch) => written(sink, batch)));
      const taken = batches.filter((_, n) => ends[n]?.status === 'fulfilled');
      expect(taken.length).toBeGreaterThan(0);
      expect(taken.length).toBeLessThan(batches.length);
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ rest: [{ written: 'no' }] });
      }
      expect(await textsOf(sink)).toEqual(taken.flatMap(messagesOf));
      await sink.close();
    }),
  );

  itTracesOnDisk('closes a file that cannot be cut back, and takes another', () =>
    onSmallDisk(DISK_BYTES, (path) =>
      traced(
        { path },
        ['ftruncate:error=EIO'],
        [],
        async (sink) => {
          await sink.write({ bucket: 'r', texts: texts('a', 100) });
          await writeFile(join(path, 'ballast'), Buffer.alloc(100 * 1024));
          expect((await sink.write({ bucket: 'r', texts: texts('b', 100) })).ends).toMatchObject([
            { written: 'unknown' },
          ]);
          await rm(join(path, 'ballast'));
          expect((await sink.write({ bucket: 'r', texts: texts('b', 20) })).ends).toEqual(['taken']);
          expect(namesOf((await sink.files()).files)).toEqual(['r', 'r-1']);
          expect(await messagesIn(join(path, 'r-1'))).toEqual(texts('b', 20));
          await sink.close();
        },
        true,
      ),
    ),
  );
});

describe('file to be sent on: a device that fails', () => {
  itTraces('EIO on syncing a batch: it may be there, is cut off, and what follows goes to a new file', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const parts = ['r.part', 'r-1.part'].map((name) => join(path, name));
      await traced(
        { path, fsync: 'batch' },
        ['fdatasync:error=EIO:when=2'],
        parts,
        async (sink) => {
          expect((await sink.write(r('a'))).ends).toEqual(['taken']);
          expect((await sink.write(r('b'))).ends).toMatchObject([{ written: 'unknown' }]);
          expect((await sink.write(r('b', 'c'))).ends).toEqual(['taken']);
          const { files } = await sink.files();
          expect(namesOf(files)).toEqual(['r', 'r-1']);
          expect(await Promise.all(['r', 'r-1'].map((name) => messagesIn(join(path, name))))).toEqual([
            ['a'],
            ['b', 'c'],
          ]);
          await sink.close();
        },
        true,
      );
    }),
  );

  itTraces('EIO on a sync after the interval: what was acknowledged since the last goes to a new file', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const parts = ['r.part', 'r-1.part'].map((name) => join(path, name));
      await traced(
        { path, fsync: 'interval', fsyncIntervalMs: 20 },
        ['fdatasync:error=EIO:when=2'],
        parts,
        async (sink) => {
          const synced = (times: number) => (calls: readonly string[]) =>
            calls.filter((call) => call.includes('fdatasync')).length === times;
          await sink.write(r('a'));
          await until(sink.calls, synced(1));
          await sink.write(r('b'));
          await until(sink.calls, synced(3));
          await sink.write(r('c'));
          expect(namesOf((await sink.files()).files)).toEqual(['r', 'r-1']);
          expect(await Promise.all(['r', 'r-1'].map((name) => messagesIn(join(path, name))))).toEqual([
            ['a'],
            ['b', 'c'],
          ]);
          await sink.close();
        },
        true,
      );
    }),
  );

  itTraces('EIO on naming it: tried again when it is listed', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await traced(
        { path },
        ['rename:error=EIO:when=1'],
        [],
        async (sink) => {
          await sink.write(r('a'));
          const { files, log } = await sink.files();
          expect(namesOf(files)).toEqual(['r']);
          expect(log.map(({ message }) => message)).toContain('file: closing failed');
          await sink.close();
        },
        true,
      );
    }),
  );

  itTraces('EIO on naming it again: the list says so rather than leave it out', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await traced(
        { path },
        ['rename:error=EIO:when=1..2'],
        [],
        async (sink) => {
          await sink.write(r('a'));
          expect((await sink.files()).files).toMatch(/EIO.*rename/);
          expect(await readdir(path)).toEqual(['r.part']);
          await sink.write(r('b'));
          expect(namesOf((await sink.files()).files)).toEqual(['r', 'r-1']);
          expect(await messagesIn(join(path, 'r'))).toEqual(['a']);
          await sink.close();
        },
        true,
      );
    }),
  );
});

describe('file to be sent on: a folder that is taken away', () => {
  it.each(['never', 'interval', 'batch'])('%s: has all that it acknowledged after that', (fsync) =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const sink = await openSpool({ path, fsync });
      await survivesRemovals(sink, path, () => textsOf(sink));
      await sink.close();
    }),
  );
});

describe('file to be sent on: a power cut', () => {
  const sent = Array.from({ length: 30 }, (_, n) => `message ${n}`);
  const write = async (path: string, fsync: string): Promise<SpoolSink> => {
    const settings = { path: join(path, 'data'), fsync, fileNameTemplate: '{bucket}/{bucket}', sizeRotate: 200 };
    const sink = await openSpool(settings);
    for (const text of sent) await written(sink, batchOf('r', [text]));
    return sink;
  };
  const contents = async (path: string): Promise<ReadonlyMap<string, Buffer>> =>
    new Map(
      await Promise.all((await filesIn(path)).map(async (name) => [name, await readFile(join(path, name))] as const)),
    );

  itMountsExt4('batch: all that was acknowledged is listed by the next process, in order', () =>
    onExt4(async ({ path, cutPower, mountAgain }) => {
      const sink = await write(path, 'batch');
      cutPower();
      await sink.close();
      mountAgain();
      const next = await openSpool({ path: join(path, 'data'), fsync: 'batch', fileNameTemplate: '{bucket}/{bucket}' });
      expect(await textsOf(next)).toEqual(sent);
      await next.close();
    }),
  );

  itMountsExt4('interval: what was listed keeps its name and bytes', () =>
    onExt4(async ({ path, cutPower, mountAgain }) => {
      const sink = await write(path, 'interval');
      await sink.spool.files(all);
      const before = await contents(path);
      cutPower();
      await sink.close();
      mountAgain();
      expect(await contents(path)).toEqual(before);
    }),
  );
});
