import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, rm, rmdir, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom } from 'rxjs';
import { batchOf, memoryLog, messagesOf, testEnv } from '../../support/builders';
import { failed, messagesIn, openFile, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const DISK_BYTES = 256 * 1024;

const mount = (folder: string): void => {
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', folder], { stdio: 'ignore' });
};
const unmount = (folder: string): void => {
  execFileSync('umount', [folder], { stdio: 'ignore' });
};

const mayMount = (): boolean => {
  const folder = mkdtempSync(join(tmpdir(), 'kahets-mount-'));
  try {
    mount(folder);
    unmount(folder);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(folder);
  }
};

const onSmallDisk = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'kahets-disk-'));
  mount(folder);
  try {
    await use(folder);
  } finally {
    unmount(folder);
    await rmdir(folder);
  }
};

// A real full disk needs the right to mount one.
const itMounts = mayMount() ? it : it.skip;

const texts = (prefix: string, howMany: number): readonly string[] =>
  Array.from({ length: howMany }, (_, n) => `${prefix}${n} ${'x'.repeat(1000)}`);

describe('file: a full disk', () => {
  itMounts('cuts off the batch that did not fit, whole, and takes it once there is room', () =>
    onSmallDisk(async (path) => {
      const log = memoryLog();
      const sink = await openFile({ path }, testEnv({ log }));
      await written(sink, batchOf('r', texts('a', 100)));
      const before = (await stat(join(path, 'r'))).size;
      await writeFile(join(path, 'ballast'), Buffer.alloc(100 * 1024));

      const batch = batchOf('r', texts('b', 100));
      const { rest } = await failed(sink, batch);
      expect(rest).toMatchObject([{ cause: { kind: 'unavailable' }, written: 'no' }]);
      expect(rest.flatMap((part) => messagesOf(part.batch))).toEqual(messagesOf(batch));
      expect((await stat(join(path, 'r'))).size).toBe(before);
      expect(await firstValueFrom(sink.health$)).toMatchObject({ state: 'down' });
      expect(log.lines.at(-1)).toMatchObject({ level: 'error', fields: { code: 'ENOSPC', cutBack: true } });

      await rm(join(path, 'ballast'));
      await written(sink, batch);
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
      await sink.close();
      expect(await messagesIn(join(path, 'r'))).toEqual([...texts('a', 100), ...texts('b', 100)]);
    }),
  );

  itMounts('keeps of batches written in one call those that fitted', () =>
    onSmallDisk(async (path) => {
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
    onSmallDisk(async (path) => {
      const sink = await openFile({ path });
      await written(sink, batchOf('r', ['gone']));
      await truncate(join(path, 'r'), 0);
      await written(sink, batchOf('r', ['here']));
      await sink.close();
      expect(await messagesIn(join(path, 'r'))).toEqual(['here']);
    }),
  );
});
