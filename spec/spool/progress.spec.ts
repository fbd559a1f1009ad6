import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { processOf, thisProcess, type ProcessIdentity } from '../../src/spool/processes';
import { memoryLog } from '../../src/testing/builders';
import { inFolder } from '../support/fileSinks';
import { errorOf, framesOf, openQuietly, progressOf, textsOf, windowsOf } from './readers';

const MESSAGES = ['1', '2', '3', '4'];

const withFile = (use: (path: string, folder: string) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const path = join(folder, 'a.frames');
    await writeFile(path, framesOf('b', ...MESSAGES));
    await use(path, folder);
  });

/** Hands out one window of two messages and leaves the file as after SIGKILL, its progress as if `owner` had sent it. */
const sentBy = async (path: string, owner: ProcessIdentity | null): Promise<void> => {
  const reader = await openQuietly(path, { maxBytes: 16 });
  await reader.next();
  await reader.close();
  await writeFile(`${path}.progress`, JSON.stringify({ ...(await progressOf(path)), owner }));
};

/** A process that runs until its end of `use`. */
const withProcess = async (use: (identity: ProcessIdentity) => Promise<void>): Promise<void> => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume(); console.log(1)'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  try {
    const identity = await processOf(child.pid ?? 0);
    if (!identity) throw new Error('the process has no identity');
    await use(identity);
  } finally {
    child.stdin.end();
    await ended;
  }
};

describe('the progress of a file', () => {
  it('keeps other processes away while its own runs', () =>
    withFile(async (path, folder) => {
      let ended: ProcessIdentity | undefined;
      await withProcess(async (owner) => {
        ended = owner;
        await sentBy(path, owner);
        const error = await errorOf(openQuietly(path));
        expect(error.message).toMatch(`${path}: expected a file that nobody sends on: process ${owner.pid} does`);
        expect(error.name).toBe('SpoolFileBusy');
      });
      expect(await progressOf(path)).toMatchObject({ done: 0, sending: 16, owner: ended });
      const reader = await openQuietly(path, { maxBytes: 16 });
      const windows = await windowsOf(reader);
      expect(windows.map(({ maybeTwice }) => maybeTwice)).toEqual([true, false]);
      await reader.remove();
      expect(await readdir(folder)).toEqual([]);
    }));

  it('takes a number that was used anew for another process', () =>
    withFile(async (path) => {
      await withProcess(async ({ pid }) => {
        await sentBy(path, { pid, started: 'an earlier boot:17' });
        const reader = await openQuietly(path);
        expect((await reader.next())?.maybeTwice).toBe(true);
        await reader.close();
      });
    }));

  it('stops this process where another one has taken the file over', () =>
    withFile(async (path) => {
      await withProcess(async (other) => {
        const reader = await openQuietly(path, { maxBytes: 16 });
        await reader.next();
        const written = { ...(await progressOf(path)), owner: other };
        await writeFile(`${path}.progress`, JSON.stringify(written));
        expect((await errorOf(reader.next())).name).toBe('SpoolFileBusy');
        await reader.close();
        expect(await progressOf(path)).toEqual(written);
      });
    }));

  it('is left to the process that has taken it meanwhile, where the file is removed', () =>
    withFile(async (path, folder) => {
      await withProcess(async (other) => {
        const reader = await openQuietly(path);
        await windowsOf(reader);
        const written = { ...(await progressOf(path)), owner: other };
        await writeFile(`${path}.progress`, JSON.stringify(written));
        await reader.remove();
        expect(await readdir(folder)).toEqual(['a.frames.progress']);
        expect(await progressOf(path)).toEqual(written);
      });
    }));

  it('is ignored where the name was used anew', () =>
    withFile(async (path) => {
      await sentBy(path, null);
      await rm(path);
      await writeFile(path, framesOf('b', 'new'));
      const log = memoryLog();
      const reader = await openQuietly(path, { log });
      const windows = await windowsOf(reader);
      expect(textsOf(windows)).toEqual(['new']);
      expect(windows.map(({ maybeTwice }) => maybeTwice)).toEqual([false]);
      expect(log.lines).toEqual([]);
      await reader.remove();
    }));

  it('is not needed where it was made and the process ended before it wrote', () =>
    withFile(async (path) => {
      await writeFile(`${path}.progress`, '');
      const reader = await openQuietly(path);
      expect((await windowsOf(reader)).map(({ maybeTwice }) => maybeTwice)).toEqual([false]);
      await reader.remove();
    }));

  it.each([
    ['no JSON', '{"identity":'],
    ['nothing of ours', '{"a":1}'],
    ['numbers below 0', '{"identity":"x","done":-1,"sending":2,"owner":null}'],
    ['more done than sending', '{"identity":"x","done":3,"sending":2,"owner":null}'],
  ])('starts over, and says so, where it holds %s', (_, text) =>
    withFile(async (path) => {
      await sentBy(path, null);
      await writeFile(`${path}.progress`, text);
      const log = memoryLog();
      const reader = await openQuietly(path, { log, maxBytes: 16 });
      const windows = await windowsOf(reader);
      expect(textsOf(windows)).toEqual(MESSAGES);
      expect(windows.map(({ maybeTwice }) => maybeTwice)).toEqual([true, true]);
      expect(log.lines).toMatchObject([{ level: 'warn', fields: { path: `${path}.progress` } }]);
      await reader.remove();
    }),
  );

  it('starts over where the file is shorter than what was sent', () =>
    withFile(async (path) => {
      const first = await openQuietly(path, { maxBytes: 16 });
      await windowsOf(first);
      await first.close();
      const written = await progressOf(path);
      await writeFile(path, framesOf('b', '1'));
      expect(written).toMatchObject({ done: 32 });
      const reader = await openQuietly(path);
      expect((await windowsOf(reader)).map(({ maybeTwice }) => maybeTwice)).toEqual([true]);
      await reader.remove();
    }));
});

describe('a process', () => {
  it('is itself by its number and start', async () => {
    expect(await thisProcess()).toEqual(await processOf(process.pid));
    expect((await thisProcess())?.pid).toBe(process.pid);
  });
});
