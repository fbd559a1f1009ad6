import { join } from 'node:path';
import { VirtualTimeScheduler } from 'rxjs';
import type { Sink } from '../../../src/model';
import { batchOf, testEnv } from '../../../src/testing/builders';
import { onExt4 } from '../../support/disks';
import { filesIn, inFolder, messagesIn, openFile, written } from '../../support/fileSinks';
import { itMountsExt4 } from '../../support/itMounts';
import { itTraces, traced, until } from './straced';

// A process of its own, which is traced: slow.
jest.setTimeout(60_000);

const r = (...texts: readonly string[]) => ({ bucket: 'r', texts });
const syncs = (calls: readonly string[]): number => calls.filter((call) => /fsync|fdatasync/.test(call)).length;
const dataSyncs = (calls: readonly string[]): number => calls.filter((call) => call.includes('fdatasync')).length;

describe('file: when it syncs', () => {
  itTraces('never: not at all, neither files nor folders', () =>
    inFolder(async (folder) => {
      const settings = { path: join(folder, 'data'), fsync: 'never', sizeRotate: 1 };
      await traced(settings, [], [], async (sink) => {
        await sink.write(r('a'), r('b'), r('c'));
        await sink.close();
        expect(syncs(await sink.calls())).toBe(0);
      });
    }),
  );

  itTraces('batch: before it acknowledges, once for all batches that wait, and the folders of a new file', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await traced({ path, fsync: 'batch', fileNameTemplate: '{bucket}/{bucket}' }, [], [], async (sink) => {
        const opening = syncs(await sink.calls());
        await sink.write(r('a'));
        const first = await sink.calls();
        expect([dataSyncs(first), syncs(first) - opening]).toEqual([1, 3]);
        await sink.write(r('b'), r('c'), r('d'));
        await sink.close();
        const all = await sink.calls();
        expect([dataSyncs(all), syncs(all) - opening]).toEqual([2, 4]);
      });
    }),
  );

  itTraces('interval: without another batch, and no more than there is to sync', () =>
    inFolder(async (folder) => {
      await traced({ path: join(folder, 'data'), fsyncIntervalMs: 20 }, [], [], async (sink) => {
        await sink.write(r('a'));
        await until(sink.calls, (calls) => dataSyncs(calls) === 1);
        await sink.close();
        expect(dataSyncs(await sink.calls())).toBe(1);
      });
    }),
  );

  it('interval: has a timer only while there is something to sync', () =>
    inFolder(async (path) => {
      const scheduler = new VirtualTimeScheduler();
      const sink = await openFile({ path, fsyncIntervalMs: '2s' }, testEnv({ scheduler }));
      expect(scheduler.actions).toHaveLength(0);
      await written(sink, batchOf('r', ['a']));
      await written(sink, batchOf('r', ['b']));
      expect(scheduler.actions.map(({ delay }) => delay)).toEqual([2000]);
      scheduler.flush();
      expect(scheduler.actions).toHaveLength(0);
      await written(sink, batchOf('r', ['c']));
      expect(scheduler.actions).toHaveLength(1);
      await sink.close();
      expect(scheduler.actions).toHaveLength(0);
    }));
});

describe('file: a power cut', () => {
  const texts = Array.from({ length: 30 }, (_, n) => `message ${n}`);
  const write = async (path: string, fsync: string): Promise<Sink> => {
    const settings = { path: join(path, 'data', 'below'), fsync, fileNameTemplate: '{bucket}/{ts}', sizeRotate: 100 };
    const sink = await openFile(settings);
    for (const text of texts) await written(sink, batchOf('r', [text]));
    return sink;
  };
  const found = async (path: string): Promise<readonly string[]> =>
    (await Promise.all((await filesIn(path)).map((name) => messagesIn(join(path, name))))).flat().sort();

  itMountsExt4('batch: all is there that was acknowledged', () =>
    onExt4(async ({ path, cutPower, mountAgain }) => {
      const sink = await write(path, 'batch');
      cutPower();
      await sink.close();
      mountAgain();
      expect(await found(path)).toEqual([...texts].sort());
    }),
  );

  itMountsExt4.each([
    ['interval', [...texts].sort()],
    ['never', []],
  ])('%s: after the sink was closed, there is what was promised and no more', (fsync, expected) =>
    onExt4(async ({ path, cutPower, mountAgain }) => {
      await (await write(path, fsync)).close();
      cutPower();
      mountAgain();
      expect(await found(path)).toEqual(expected);
    }),
  );
});
