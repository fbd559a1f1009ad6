import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, VirtualTimeScheduler } from 'rxjs';
import { batchOf, testEnv } from '../../../src/testing/builders';
import { onExt4 } from '../../support/disks';
import { failed, inFolder, messagesIn, openFile, written } from '../../support/fileSinks';
import { itMountsExt4 } from '../../support/itMounts';
import { itTraces, traced, until } from './straced';

// A process of its own, which is traced: slow.
jest.setTimeout(60_000);

const r = (...texts: readonly string[]) => ({ bucket: 'r', texts });

describe('file: a device that fails', () => {
  itTraces.each([
    ['EIO', 'see the kernel'],
    ['EDQUOT', 'raise the quota'],
    ['EACCES', 'let the user'],
  ])('%s on writing: the batch is not taken, the cause says what to do, and it is up again by itself', (code, advice) =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await traced({ path }, [`write:error=${code}:when=2`], [join(path, 'r')], async (sink) => {
        expect((await sink.write(r('a'))).ends).toEqual(['taken']);
        const { ends, health } = await sink.write(r('b'));
        const cause = expect.stringContaining(advice) as unknown;
        expect(ends).toEqual([{ written: 'no', cause }]);
        expect(health).toEqual({ state: 'down', cause });
        await until(
          () => sink.write(),
          (answer) => answer.health.state === 'up',
        );
        expect((await sink.write(r('b'))).ends).toEqual(['taken']);
        await sink.close();
        expect(await messagesIn(join(path, 'r'))).toEqual(['a', 'b']);
      });
    }),
  );

  itTraces('EIO on syncing a batch: it may be there, is cut off, and what follows goes to a new file', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const paths = [join(path, 'r'), join(path, 'r-1')];
      await traced({ path, fsync: 'batch' }, ['fdatasync:error=EIO:when=2'], paths, async (sink) => {
        expect((await sink.write(r('a'))).ends).toEqual(['taken']);
        const { ends, health } = await sink.write(r('b'), r('c'));
        expect(ends).toMatchObject([{ written: 'unknown' }, { written: 'unknown' }]);
        expect(health.state).toBe('down');
        expect((await sink.write(r('b'), r('c'))).ends).toEqual(['taken', 'taken']);
        await sink.close();
        expect(await Promise.all(paths.map(messagesIn))).toEqual([['a'], ['b', 'c']]);
      });
    }),
  );

  itTraces(
    'EIO on a sync after the interval: what was acknowledged since the last goes to a new file, and is synced',
    () =>
      inFolder(async (folder) => {
        const path = join(folder, 'data');
        const paths = [join(path, 'r'), join(path, 'r-1')];
        const settings = { path, fsync: 'interval', fsyncIntervalMs: 20 };
        await traced(settings, ['fdatasync:error=EIO:when=2'], paths, async (sink) => {
          await sink.write(r('a'));
          await until(sink.calls, (calls) => calls.some((call) => call.includes('fdatasync')));
          expect((await sink.write(r('b'), r('c'))).ends).toEqual(['taken', 'taken']);
          await until(sink.calls, (calls) => calls.filter((call) => call.includes('fdatasync')).length === 3);
          expect((await sink.write(r('d'))).ends).toEqual(['taken']);
          await sink.close();
          expect(await Promise.all(paths.map(messagesIn))).toEqual([['a'], ['b', 'c', 'd']]);
        });
      }),
  );

  itTraces('EIO on syncing the new file as well: what was acknowledged is in one of them, and not in both', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const paths = [join(path, 'r'), join(path, 'r-1'), join(path, 'r-2')];
      const settings = { path, fsync: 'interval', fsyncIntervalMs: 20 };
      await traced(settings, ['fdatasync:error=EIO:when=1..2'], paths, async (sink) => {
        expect((await sink.write(r('a'), r('b'))).ends).toEqual(['taken', 'taken']);
        await until(sink.calls, (calls) => calls.filter((call) => call.includes('fdatasync')).length === 2);
        expect((await sink.write(r('c'))).ends).toEqual(['taken']);
        await sink.close();
        expect(await Promise.all(paths.map(messagesIn))).toEqual([['a', 'b'], [], ['c']]);
      });
    }),
  );

  itTraces.each([
    ['writing it to the new file', 'write:error=ENOSPC:when=2'],
    ['reading it back', 'pread64:error=EIO:when=2'],
  ])('EIO on a sync after the interval, and on %s midway: the part that was copied is cut off again', (_, inject) =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const paths = [join(path, 'r'), join(path, 'r-1'), join(path, 'r-2')];
      const settings = { path, fsync: 'interval', fsyncIntervalMs: 3_600_000 };
      // Copied in two steps.
      const sent = Array.from({ length: 3 }, (__, n) => `${n} ${'x'.repeat(500_000)}`);
      await traced(settings, ['fdatasync:error=EIO:when=1', inject], paths.slice(0, 2), async (sink) => {
        expect((await sink.write(r(...sent))).ends).toEqual(['taken']);
        const { log } = await sink.close();
        expect(log.map(({ message }) => message)).toEqual([
          'file: syncing failed; what it holds since the last sync is written to another',
          'file: that failed as well',
          'file: acknowledged bytes may not outlive a power cut',
        ]);
        expect(log.at(-1)?.fields).toMatchObject({ path: paths[0], bytes: (await stat(join(path, 'r'))).size });
        expect(await messagesIn(join(path, 'r'))).toEqual(sent);
        expect((await stat(join(path, 'r-1'))).size).toBe(0);
      });
    }),
  );

  itTraces('says how much is in doubt when nothing can be synced, and loses none of it while the machine runs', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const settings = { path, fsync: 'interval', fsyncIntervalMs: 3_600_000 };
      await traced(settings, ['fdatasync:error=EIO'], [], async (sink) => {
        await sink.write(r('a'));
        const { log, health } = await sink.close();
        expect(health).toMatchObject({ state: 'down', cause: expect.stringContaining('EIO') as unknown });
        expect(log.at(-1)).toEqual({
          message: 'file: acknowledged bytes may not outlive a power cut',
          fields: { stream: 'stream', path: join(path, 'r'), bytes: (await stat(join(path, 'r'))).size },
        });
        expect(await messagesIn(join(path, 'r'))).toEqual(['a']);
      });
    }),
  );

  itMountsExt4('EROFS: nothing is taken from a file system that went read-only, and all once it is mounted again', () =>
    onExt4(async ({ path, breakDown, mountAgain }) => {
      const sink = await openFile({ path }, testEnv({ scheduler: new VirtualTimeScheduler() }));
      await written(sink, batchOf('r', ['a']));
      breakDown();
      const { rest } = await failed(sink, batchOf('r', ['b']));
      expect(rest).toMatchObject([{ cause: { kind: 'unavailable' }, written: 'no' }]);
      expect(await firstValueFrom(sink.health$)).toMatchObject({
        state: 'down',
        cause: expect.stringMatching(/EROFS.*mount it writable/) as unknown,
      });
      mountAgain();
      await written(sink, batchOf('r', ['b']));
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
      await sink.close();
      const names = (await readdir(path)).filter((name) => name.startsWith('r'));
      const found = (await Promise.all(names.map((name) => messagesIn(join(path, name))))).flat();
      expect(found.filter((text) => text === 'b')).toEqual(['b']);
    }),
  );
});
