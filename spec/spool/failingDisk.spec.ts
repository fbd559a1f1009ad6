import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { memoryLog } from '../../src/testing/builders';
import { onSmallDisk } from '../support/disks';
import { itMounts } from '../support/itMounts';
import { errorOf, framesOf, openQuietly, textsOf, windowsOf } from './readers';

/** Fills what is free. */
const fill = async (folder: string): Promise<void> => {
  for (const bytes of [65_536, 4096]) {
    const append = (): Promise<boolean> =>
      writeFile(join(folder, `filler-${bytes}`), Buffer.alloc(bytes), { flag: 'a' }).then(
        () => true,
        () => false,
      );
    while (await append());
  }
};

describe('on a full disk', () => {
  itMounts('a file is sent all the same, and makes room', () =>
    onSmallDisk(1_048_576, async (folder) => {
      const path = join(folder, 'a.frames');
      await writeFile(path, framesOf('b', ...Array.from({ length: 20_000 }, (_, n) => String(n))));
      await fill(folder);
      const log = memoryLog();
      const reader = await openQuietly(path, { log, maxBytes: 50_000 });
      expect(textsOf(await windowsOf(reader))).toHaveLength(20_000);
      expect(log.lines).toMatchObject([
        { level: 'warn', message: expect.stringContaining('full disk') as unknown, fields: { path } },
      ]);
      await reader.remove();
      expect((await readdir(folder)).filter((name) => name.startsWith('a'))).toEqual([]);
    }),
  );

  itMounts('what is in front of damage is sent, and the rest is moved aside when there is room', () =>
    onSmallDisk(1_048_576, async (folder) => {
      const path = join(folder, 'a.frames');
      const good = framesOf('b', 'one', 'two');
      await writeFile(path, Buffer.concat([good, Buffer.alloc(200_000)]));
      const first = await openQuietly(path);
      await fill(folder);
      const window = await first.next();
      expect(textsOf(window ? [window] : [])).toEqual(['one', 'two']);
      const error = await errorOf(first.next());
      expect(error).toMatchObject({
        name: 'SpoolError',
        code: 'ENOSPC',
        message: expect.stringContaining(path) as unknown,
      });
      await first.close(true);
      expect((await stat(path)).size).toBe(good.length + 200_000);
      expect(await readdir(folder)).not.toContain('a.frames.bad');

      await rm(join(folder, 'filler-65536'));
      const second = await openQuietly(path);
      expect(await second.next()).toBeUndefined();
      await second.remove();
      expect((await stat(`${path}.bad`)).size).toBe(200_000);
    }),
  );
});
