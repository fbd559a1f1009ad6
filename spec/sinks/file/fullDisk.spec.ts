import { readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filter, firstValueFrom, VirtualTimeScheduler } from 'rxjs';
import { batchOf, memoryLog, messagesOf, testEnv } from '../../../src/testing/builders';
import { onSmallDisk } from '../../support/disks';
import { failed, messagesIn, openFile, written } from '../../support/fileSinks';
import { itMounts } from '../../support/itMounts';
import { itTracesOnDisk, traced } from './straced';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const DISK_BYTES = 256 * 1024;

const texts = (prefix: string, howMany: number): readonly string[] =>
  Array.from({ length: howMany }, (_, n) => `${prefix}${n} ${'x'.repeat(1000)}`);

describe('file: a full disk', () => {
  itMounts('cuts off the batch that did not fit, whole, and takes it once there is room', () =>
    onSmallDisk(DISK_BYTES, async (path) => {
      const log = memoryLog();
      // Its timers stand still: nothing but a batch finds out.
      const sink = await openFile({ path }, testEnv({ log, scheduler: new VirtualTimeScheduler() }));
      await written(sink, batchOf('r', texts('a', 100)));
      const before = (await stat(join(path, 'r'))).size;
      await writeFile(join(path, 'ballast'), Buffer.alloc(100 * 1024));

      const batch = batchOf('r', texts('b', 100));
      const { rest } = await failed(sink, batch);
      expect(rest).toMatchObject([{ cause: { kind: 'unavailable' }, written: 'no' }]);
      expect(rest.flatMap((part) => messagesOf(part.batch))).toEqual(messagesOf(batch));
      expect((await stat(join(path, 'r'))).size).toBe(before);
      expect(await firstValueFrom(sink.health$)).toMatchObject({
        state: 'down',
        cause: expect.stringContaining('make room') as unknown,
      });
      expect(log.lines.filter(({ level }) => level === 'error')).toMatchObject([
        { fields: { code: 'ENOSPC', cutBack: true } },
      ]);

      await rm(join(path, 'ballast'));
      await written(sink, batch);
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
      await sink.close();
      expect(await messagesIn(join(path, 'r'))).toEqual([...texts('a', 100), ...texts('b', 100)]);
    }),
  );

  itMounts('keeps of batches written in one call those that fitted', () =>
    onSmallDisk(DISK_BYTES, async (path) => {
      const sink = await openFile({ path });
      const all = Array.from({ length: 12 }, (_, n) => batchOf('r', texts(`${n}.`, 30)));
      const ends = await Promise.allSettled(all.map((batch) => written(sink, batch)));
      await sink.close();
      const taken = all.filter((_, n) => ends[n]?.status === 'fulfilled');
      expect(taken.length).toBeGreaterThan(0);
      expect(taken.length).toBeLessThan(all.length);
      expect(await messagesIn(join(path, 'r'))).toEqual(taken.flatMap(messagesOf));
      for (const end of ends) {
        if (end.status === 'rejected') expect(end.reason).toMatchObject({ rest: [{ written: 'no' }] });
      }
    }),
  );

  itMounts('appends where the file ends, when somebody has cut it meanwhile', () =>
    onSmallDisk(DISK_BYTES, async (path) => {
      const sink = await openFile({ path });
      await written(sink, batchOf('r', ['gone']));
      await truncate(join(path, 'r'), 0);
      await written(sink, batchOf('r', ['here']));
      await sink.close();
      expect(await messagesIn(join(path, 'r'))).toEqual(['here']);
    }),
  );

  itMounts('is up again by itself when there is room, without a batch', () =>
    onSmallDisk(DISK_BYTES, async (path) => {
      const sink = await openFile({ path });
      await writeFile(join(path, 'ballast'), Buffer.alloc(DISK_BYTES - 4096));
      await failed(sink, batchOf('r', texts('a', 100)));
      await rm(join(path, 'ballast'));
      expect(await firstValueFrom(sink.health$.pipe(filter(({ state }) => state === 'up')))).toEqual({ state: 'up' });
      expect((await readdir(path)).filter((name) => name !== 'r')).toEqual([]);
      await sink.close();
    }),
  );

  itTracesOnDisk('leaves a file that cannot be cut back, and takes another', () =>
    onSmallDisk(DISK_BYTES, (path) =>
      traced({ path }, ['ftruncate:error=EIO'], [], async (sink) => {
        await sink.write({ bucket: 'r', texts: texts('a', 100) });
        await writeFile(join(path, 'ballast'), Buffer.alloc(100 * 1024));
        const { ends } = await sink.write({ bucket: 'r', texts: texts('b', 100) });
        expect(ends).toMatchObject([{ written: 'unknown' }]);
        await rm(join(path, 'ballast'));
        expect((await sink.write({ bucket: 'r', texts: texts('b', 20) })).ends).toEqual(['taken']);
        await sink.close();
        expect(await messagesIn(join(path, 'r-1'))).toEqual(texts('b', 20));
      }),
    ),
  );
});
