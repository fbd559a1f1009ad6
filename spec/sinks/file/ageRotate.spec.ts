import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { VirtualTimeScheduler } from 'rxjs';
import { batchOf, memoryLog, testEnv } from '../../../src/testing/builders';
import { filesIn, inFolder, messagesIn, openFile, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const HOUR_MS = 3_600_000;

/** How long it is until each timer rings. */
const timers = (scheduler: VirtualTimeScheduler): readonly number[] =>
  scheduler.actions.map(({ delay }) => delay - scheduler.now());

/** A log that says when a message has come. */
const tellingLog = (awaited: string) => {
  let tell: () => void = () => undefined;
  const told = new Promise<void>((resolve) => (tell = resolve));
  const log = memoryLog();
  return {
    told,
    log: { ...log, debug: (message: string) => (message === awaited ? tell() : undefined) },
  };
};

describe('file: ageRotate', () => {
  it.each(['{bucket}', '{bucket}-{ts}'])(
    '%s: closes a file of that age while nothing comes, and goes on in another',
    (fileNameTemplate) =>
      inFolder(async (path) => {
        const scheduler = new VirtualTimeScheduler();
        const { log, told } = tellingLog('file: closed');
        const settings = { path, fileNameTemplate, ageRotate: '1h', fsync: 'never' };
        const sink = await openFile(settings, testEnv({ scheduler, log }));
        await written(sink, batchOf('r', ['a']));
        await written(sink, batchOf('r', ['b']));
        expect(timers(scheduler)).toEqual([HOUR_MS]);
        scheduler.flush();
        await told;
        expect(scheduler.actions).toHaveLength(0);

        await written(sink, batchOf('r', ['c']));
        expect(timers(scheduler)).toEqual([HOUR_MS]);
        await sink.close();
        expect(scheduler.actions).toHaveLength(0);
        const names = await filesIn(path);
        expect(await Promise.all(names.map((name) => messagesIn(join(path, name))))).toEqual([['a', 'b'], ['c']]);
      }),
  );

  it('has no timer by default', () =>
    inFolder(async (path) => {
      const scheduler = new VirtualTimeScheduler();
      const sink = await openFile({ path, fsync: 'never' }, testEnv({ scheduler }));
      await written(sink, batchOf('r', ['a']));
      expect(scheduler.actions).toHaveLength(0);
      await sink.close();
    }));

  it('starts over with a file that was rotated by its size meanwhile', () =>
    inFolder(async (path) => {
      const scheduler = new VirtualTimeScheduler();
      const settings = { path, ageRotate: '1h', sizeRotate: 1, fsync: 'never' };
      const sink = await openFile(settings, testEnv({ scheduler }));
      for (const text of ['a', 'b', 'c']) await written(sink, batchOf('r', [text]));
      expect(scheduler.actions).toHaveLength(1);
      await sink.close();
    }));

  it.each([
    ['appends to a file of an earlier run while it is young enough', HOUR_MS / 2, [['a', 'b']]],
    ['leaves a file of an earlier run that is too old', 2 * HOUR_MS, [['a'], ['b']]],
    ['appends where the clock was put back', -24 * HOUR_MS, [['a', 'b']]],
  ])('%s', (_, laterMs, expected) =>
    inFolder(async (path) => {
      const settings = { path, ageRotate: '1h', fsync: 'never' };
      const first = await openFile(settings, testEnv({ now: Date.now }));
      await written(first, batchOf('r', ['a']));
      await first.close();
      // Its age is counted from when it was made, not from when it was last written to.
      await utimes(join(path, 'r'), 1, 1);

      const scheduler = new VirtualTimeScheduler();
      const again = await openFile(settings, testEnv({ scheduler, now: () => Date.now() + laterMs }));
      await written(again, batchOf('r', ['b']));
      const [delay] = timers(scheduler);
      if (laterMs === HOUR_MS / 2) expect(delay).toBeLessThanOrEqual(HOUR_MS / 2);
      else expect(delay).toBe(HOUR_MS);
      await again.close();
      const names = await filesIn(path);
      expect(await Promise.all(names.map((name) => messagesIn(join(path, name))))).toEqual(expected);
    }),
  );
});
