import { execFileSync } from 'node:child_process';
import { appendFile, link, mkdir, readdir, readFile, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Aside } from '../../src/spool/setAside';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { memoryLog } from '../../src/testing/builders';
import { inFolder } from '../support/fileSinks';
import { errorOf, framesOf, openQuietly, progressOf, textsOf, windowsOf } from './readers';

const withFile = (bytes: Uint8Array, use: (path: string, folder: string) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const path = join(folder, '1700000000.frames');
    await writeFile(path, bytes);
    await use(path, folder);
  });

describe('openSpoolFile', () => {
  it('has no window of an empty file, which can be removed', () =>
    withFile(Buffer.alloc(0), async (path, folder) => {
      const reader = await openQuietly(path);
      expect(reader.size).toBe(0);
      expect(await reader.next()).toBeUndefined();
      await reader.remove();
      expect(await readdir(folder)).toEqual([]);
    }));

  it('hands out one window, durably under way before', () =>
    withFile(framesOf('b', 'one', 'two'), async (path) => {
      const reader = await openQuietly(path);
      const window = await reader.next();
      expect(window).toMatchObject({ start: 0, end: reader.size, maybeTwice: false });
      expect(window?.batches).toMatchObject([{ bucket: 'b', count: 2, bytes: reader.size }]);
      expect(await progressOf(path)).toMatchObject({ done: 0, sending: reader.size, owner: { pid: process.pid } });
      expect(await reader.next()).toBeUndefined();
      expect(await progressOf(path)).toMatchObject({ done: reader.size, sending: reader.size });
      await reader.close();
    }));

  it('cuts windows at maxBytes, but never within a frame, and lets a large frame be a window', () =>
    withFile(framesOf('b', 'one', 'two', 'x'.repeat(500), 'three', 'four'), async (path) => {
      const reader = await openQuietly(path, { maxBytes: 25 });
      const windows = await windowsOf(reader);
      expect(windows.map((window) => textsOf([window]).map((text) => text.slice(0, 5)))).toEqual([
        ['one', 'two'],
        ['xxxxx'],
        ['three', 'four'],
      ]);
      expect(windows.map(({ start }) => start)).toEqual([0, ...windows.slice(0, -1).map(({ end }) => end)]);
      await reader.close();
    }));

  it('makes one batch a bucket, each in the order of the file', () =>
    withFile(
      Buffer.concat([framesOf('a', '1'), framesOf('b', '2'), framesOf('a', '3'), encodeRecord('b', '4')]),
      async (path) => {
        const reader = await openQuietly(path);
        const [window] = await windowsOf(reader);
        expect(window?.batches.map(({ bucket, count }) => [bucket, count])).toEqual([
          ['a', 2],
          ['b', 2],
        ]);
        expect(textsOf(window ? [window] : [])).toEqual(['1', '3', '2', '4']);
        await reader.close();
      },
    ));

  it('lets frames without a time have come when the file was changed last', () =>
    withFile(framesOf('b', 'one'), async (path) => {
      await utimes(path, new Date(), new Date(1_600_000_000_123));
      const reader = await openQuietly(path);
      const window = await reader.next();
      expect(window?.batches[0]?.frames[0]).toMatchObject({
        arrivedMs: 1_600_000_000_123,
        origin: { open: 1, recovered: true },
      });
      await reader.close();
    }));

  it('goes on where it was left, what was under way maybe twice', () =>
    withFile(framesOf('b', '1', '2', '3', '4'), async (path) => {
      const first = await openQuietly(path, { maxBytes: 16 });
      await first.next();
      await first.next();
      await first.close();
      expect(await progressOf(path)).toMatchObject({ owner: null });
      const second = await openQuietly(path, { maxBytes: 16 });
      const windows = await windowsOf(second);
      expect(windows.map((window) => [textsOf([window])[0], window.maybeTwice])).toEqual([['3', true]]);
      await second.remove();
    }));

  it('goes on behind the last window where that was settled', () =>
    withFile(framesOf('b', '1', '2', '3', '4'), async (path) => {
      const first = await openQuietly(path, { maxBytes: 16 });
      await first.next();
      await first.close(true);
      expect(await progressOf(path)).toMatchObject({ done: 16, sending: 16, owner: null });
      const second = await openQuietly(path);
      const windows = await windowsOf(second);
      expect(windows.map((window) => [textsOf([window]), window.maybeTwice])).toEqual([[['3', '4'], false]]);
      await second.remove();
    }));

  it('leaves no progress where nothing was handed out', () =>
    withFile(framesOf('b', '1'), async (path, folder) => {
      const reader = await openQuietly(path);
      await reader.close();
      await reader.close();
      expect(await readdir(folder)).toEqual(['1700000000.frames']);
      await expect(reader.next()).rejects.toThrow(`${path}: expected an open file`);
    }));

  it('removes neither a file that has grown nor one that has taken its name', () =>
    withFile(framesOf('b', '1'), async (path, folder) => {
      const grown = await openQuietly(path);
      await windowsOf(grown);
      await appendFile(path, framesOf('b', '2'));
      expect((await errorOf(grown.remove())).message).toMatch(/expected a file of 8 bytes, all sent on, found 16/);
      await grown.close();
      const again = await openQuietly(path);
      expect(textsOf(await windowsOf(again))).toEqual(['2']);
      await rename(path, join(folder, 'elsewhere'));
      await writeFile(path, framesOf('b', 'new'));
      await again.remove();
      expect(await readFile(path)).toEqual(framesOf('b', 'new'));
    }));

  describe('where something is no frame', () => {
    const good = framesOf('b', 'one', 'two');
    const after = framesOf('b', 'three');
    it.each([
      ['a frame that is torn', encodeFrame('b', 'torn').subarray(0, 9), /^9 bytes of a frame of 11$/],
      ['a length that is torn', Buffer.of(7, 0), /^a length of 2 bytes, expected 4$/],
      ['zeros', Buffer.alloc(4096), /^body of 0 bytes/],
      ['a key that runs past its frame', Buffer.concat([Buffer.of(3, 0, 0, 0, 1, 98, 9), after]), /key of 9 bytes/],
      ['a length of no frame', Buffer.concat([Buffer.from('GET /'), after]), /^length \d+ \(the bytes "GET "\)/],
      ['a bucket that is no text', Buffer.concat([Buffer.of(3, 0, 0, 0, 1, 255, 0), after]), /not UTF-8/],
      ['a record of an unknown type', Buffer.concat([Buffer.of(3, 0, 0, 0, 0, 77, 0), after]), /type 77/],
    ])('sends what is before and moves the rest aside: %s', (_, bad, found) =>
      withFile(Buffer.concat([good, bad]), async (path, folder) => {
        await utimes(path, new Date(), new Date(1_600_000_000_000));
        const asides: Aside[] = [];
        const log = memoryLog();
        const reader = await openQuietly(path, { log, onAside: (aside) => asides.push(aside) });
        const first = await reader.next();
        expect(textsOf(first ? [first] : [])).toEqual(['one', 'two']);
        expect(await readdir(folder)).not.toContain('1700000000.frames.bad');
        expect(await reader.next()).toBeUndefined();
        expect(reader.size).toBe(good.length);
        expect(await readFile(path)).toEqual(good);
        expect((await stat(path)).mtimeMs).toBe(1_600_000_000_000);
        expect(await readFile(`${path}.bad`)).toEqual(bad);
        expect(asides).toEqual([
          { at: good.length, bytes: bad.length, path: `${path}.bad`, detail: expect.stringMatching(found) as unknown },
        ]);
        expect(log.lines).toMatchObject([
          { level: 'warn', fields: { path, at: good.length, bytes: bad.length, aside: `${path}.bad` } },
        ]);
        await reader.remove();
      }),
    );

    it('has no window of a file that starts so, and takes the next name for it', () =>
      withFile(Buffer.from('no frames at all'), async (path, folder) => {
        await writeFile(`${path}.bad`, 'of before');
        const reader = await openQuietly(path);
        expect(await reader.next()).toBeUndefined();
        await reader.remove();
        expect((await readdir(folder)).toSorted()).toEqual(['1700000000.frames.bad', '1700000000.frames.bad-1']);
        expect(await readFile(`${path}.bad`, 'utf8')).toBe('of before');
        expect(await readFile(`${path}.bad-1`, 'utf8')).toBe('no frames at all');
      }));
  });

  describe('what is no plain file', () => {
    it('is not opened', () =>
      withFile(framesOf('b', '1'), async (path, folder) => {
        const [folderPath, linkPath, pipePath] = ['folder', 'link', 'pipe'].map((name) => join(folder, name));
        if (folderPath === undefined || linkPath === undefined || pipePath === undefined) throw new Error('no names');
        await mkdir(folderPath);
        await symlink(path, linkPath);
        execFileSync('mkfifo', [pipePath]);
        for (const [at, found] of [
          [folderPath, /EISDIR/],
          [linkPath, /ELOOP/],
          [pipePath, /expected a plain file/],
          [join(folder, 'none'), /ENOENT/],
        ] as const) {
          const error = await errorOf(openQuietly(at));
          expect(error.message).toMatch(found);
          expect(error.message).toContain(at);
        }
      }));

    it('is opened under a second name all the same', () =>
      withFile(framesOf('b', '1'), async (path, folder) => {
        await link(path, join(folder, 'kept'));
        const reader = await openQuietly(path);
        await windowsOf(reader);
        await reader.remove();
        expect(await readdir(folder)).toEqual(['kept']);
      }));
  });
});
