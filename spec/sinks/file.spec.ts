import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { firstValueFrom, NEVER, Subject, VirtualTimeScheduler } from 'rxjs';
import { file } from '../../src/sinks/file';
import { NO_OPTIONS } from '../../src/model';
import { batchOf, frames, memoryLog, messagesOf, testEnv } from '../../src/testing/builders';
import { describeSink } from '../../src/testing/describeSink';
import { survivesRemovals } from './file/removals';
import {
  checkFile,
  failed,
  fileConformance,
  filesIn,
  inFolder,
  messagesIn,
  openFile,
  textsIn,
  written,
} from '../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const problemsOf = (settings: unknown) => {
  const checked = file(settings, 'settings');
  return checked._tag === 'Left' ? checked.left : [];
};

describeSink('file', fileConformance(openFile));

describe('file: settings', () => {
  it('needs only a path', () => {
    expect(checkFile({ path: '/var/kahets' })).toMatchObject({ warnings: [], limits: {} });
  });

  it.each([[null], ['text'], [[]], [undefined]])('needs an object, not %j', (settings) => {
    expect(problemsOf(settings)).not.toEqual([]);
  });

  it('takes numbers as text, and sizes', () => {
    expect(
      problemsOf({ path: 'x', maxFiles: '10', sizeRotate: '10MB', fileNameTemplate: '{bucket}/{ts}.bckstm' }),
    ).toEqual([]);
    expect(problemsOf({ path: 'x', ageRotate: '24h', fsync: 'Batch', fsyncIntervalMs: '1s' })).toEqual([]);
    expect(problemsOf({ path: 'x', maxFiles: 10, sizeRotate: 1000 })).toEqual([]);
  });

  it('names all that is wrong at once', () => {
    const paths = problemsOf({
      ...{ sizeRotate: 'much', maxFiles: 0, fileNameTemplate: '../{when}' },
      ...{ ageRotate: '0.5s', fsync: 'always', fsyncIntervalMs: 0 },
    }).map(({ path }) => path);
    expect(paths).toEqual([
      'settings.path',
      'settings.sizeRotate',
      'settings.ageRotate',
      'settings.fsync',
      'settings.fsyncIntervalMs',
      'settings.maxFiles',
      'settings.fileNameTemplate',
      'settings.fileNameTemplate',
    ]);
  });

  it.each([
    ['{bucket}-{when}', '{when}'],
    ['/{bucket}', 'absolute'],
    ['{PS}{bucket}', 'absolute'],
    ['{bucket}/', 'after the last separator'],
    ['a/../{bucket}', '`..`'],
    ['./{bucket}', '`.`'],
    ['a\0', 'zero byte'],
    ['x'.repeat(300), 'bytes'],
  ])('refuses the template %j', (fileNameTemplate, expected) => {
    expect(problemsOf({ path: 'x', fileNameTemplate })).toEqual([
      {
        path: 'settings.fileNameTemplate',
        expected: expect.stringContaining(expected) as unknown,
        got: expect.any(String) as unknown,
      },
    ]);
  });

  it('warns of settings it does not know', () => {
    expect(checkFile({ path: 'x', sizeRotat: '1MB' }).warnings).toMatchObject([{ path: 'settings.sizeRotat' }]);
  });

  it('claims what its names are made of, so that two sinks cannot share them', () => {
    const claims = (path: string, fileNameTemplate: string) => checkFile({ path, fileNameTemplate }).claims;
    expect(claims('/data/', '{bucket}{PS}{ts}.log')).toEqual(claims('/data', '{bucket}/{ts}.log'));
    expect(claims('/data/a', '{bucket}')).toEqual(claims('/data', 'a/{bucket}'));
    expect(claims('data', '{bucket}')).toEqual(claims(join(process.cwd(), 'data'), '{hostname}'));
    expect(claims('/data', '{bucket}')).not.toEqual(claims('/data', '{bucket}.log'));
    expect(claims('/data', '{bucket}')).not.toEqual(claims('/other', '{bucket}'));
  });
});

describe('file: opening', () => {
  it('makes the folder with its parents', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'a', 'b');
      await (await openFile({ path })).close();
      expect((await stat(path)).isDirectory()).toBe(true);
    }));

  it('says what is wrong with a path that is no folder', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'plain');
      await writeFile(path, '');
      const opened = await checkFile({ path }).open(testEnv({ name: 'copy' }), NO_OPTIONS)();
      expect(opened).toMatchObject({
        _tag: 'Left',
        left: { sink: 'copy', message: expect.stringContaining(path) as unknown },
      });
    }));
});

describe('file: writing', () => {
  it('holds exactly the bytes that the client sent, back to back', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path });
      const batch = batchOf('requests', ['one', 'two', '']);
      const receipt = await written(sink, batch);
      expect(receipt).toEqual({ sink: 'stream', batch, how: 'delivered', maybeTwice: false });
      await sink.close();
      expect(await readFile(join(path, 'requests'))).toEqual(Buffer.concat(batch.frames.map(({ bytes }) => bytes)));
    }));

  it('writes more runs in one call than the system takes at once', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path });
      const texts = Array.from({ length: 3000 }, (_, n) => `message ${n}`);
      await written(sink, batchOf('requests', texts));
      await sink.close();
      expect(await messagesIn(join(path, 'requests'))).toEqual(texts);
    }));

  it('appends to what an earlier run left', () =>
    inFolder(async (path) => {
      for (const text of ['first', 'second']) {
        const sink = await openFile({ path, fileNameTemplate: '{bucket}.log' });
        await written(sink, batchOf('requests', [text]));
        await sink.close();
      }
      expect(await filesIn(path)).toEqual(['requests.log']);
      expect(await messagesIn(join(path, 'requests.log'))).toEqual(['first', 'second']);
    }));

  it('begins the next file when one has reached its size, numbers before the extension', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path, fileNameTemplate: '{bucket}.log', sizeRotate: 30 });
      for (const text of ['a', 'b', 'c', 'd']) await written(sink, batchOf('requests', [text]));
      await sink.close();
      expect(await filesIn(path)).toEqual(['requests.log', 'requests-1.log']);
      expect(await messagesIn(join(path, 'requests.log'))).toEqual(['a', 'b']);
      expect(await messagesIn(join(path, 'requests-1.log'))).toEqual(['c', 'd']);

      const again = await openFile({ path, fileNameTemplate: '{bucket}.log', sizeRotate: 1000 });
      await written(again, batchOf('requests', ['e']));
      await again.close();
      expect(await messagesIn(join(path, 'requests.log'))).toEqual(['a', 'b', 'e']);
    }));

  it('goes on in the latest of a family whose first is full', () =>
    inFolder(async (path) => {
      const settings = { path, sizeRotate: 30 };
      for (const text of ['a', 'b', 'c', 'd', 'e']) {
        const sink = await openFile(settings);
        await written(sink, batchOf('requests', [text]));
        await sink.close();
      }
      expect(await filesIn(path)).toEqual(['requests', 'requests-1', 'requests-2']);
      expect(await messagesIn(join(path, 'requests-2'))).toEqual(['e']);
    }));

  it('puts a batch whole into a file, however large', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path, sizeRotate: 1 });
      await Promise.all([written(sink, batchOf('r', ['a', 'b'])), written(sink, batchOf('r', ['c', 'd']))]);
      await sink.close();
      expect(await messagesIn(join(path, 'r'))).toEqual(['a', 'b']);
      expect(await messagesIn(join(path, 'r-1'))).toEqual(['c', 'd']);
    }));

  it('shares one file among buckets where the template has no {bucket}', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path, fileNameTemplate: 'all.log' });
      await Promise.all(['a', 'b', 'a'].map((bucket, n) => written(sink, batchOf(bucket, [`${bucket}${n}`]))));
      await sink.close();
      expect(await filesIn(path)).toEqual(['all.log']);
      expect(await messagesIn(join(path, 'all.log'))).toEqual(['a0', 'b1', 'a2']);
    }));

  it('makes a new file when the open one was deleted, however lately', () =>
    inFolder(async (path) => {
      const log = memoryLog();
      const sink = await openFile({ path }, testEnv({ log }));
      await written(sink, batchOf('requests', ['old']));
      await rm(join(path, 'requests'));
      await Promise.all(['new', 'newer'].map((text) => written(sink, batchOf('requests', [text]))));
      await sink.close();
      expect(await messagesIn(join(path, 'requests'))).toEqual(['new', 'newer']);
      expect(log.lines.filter(({ level }) => level === 'warn')).toMatchObject([
        { message: 'file: it was deleted while open; a new one is made' },
      ]);
    }));

  it.each(['never', 'interval', 'batch'])('%s: has all that it acknowledged after files were deleted', (fsync) =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const sink = await openFile({ path, fsync });
      await survivesRemovals(sink, path, () => messagesIn(join(path, 'r')));
      await sink.close();
    }),
  );

  it('makes a new file when the open one was moved', () =>
    inFolder(async (path) => {
      let nowMs = 1_700_000_000_000;
      const sink = await openFile({ path }, testEnv({ now: () => nowMs }));
      await written(sink, batchOf('requests', ['old']));
      await rename(join(path, 'requests'), join(path, 'kept'));
      nowMs += 1000;
      await written(sink, batchOf('requests', ['new']));
      await sink.close();
      expect(await messagesIn(join(path, 'kept'))).toEqual(['old']);
      expect(await messagesIn(join(path, 'requests'))).toEqual(['new']);
    }));

  it('makes its folder again when that was taken away', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const sink = await openFile({ path });
      await rm(path, { recursive: true });
      await written(sink, batchOf('requests', ['one']));
      await sink.close();
      expect(await messagesIn(join(path, 'requests'))).toEqual(['one']);
    }));

  it('takes one batch that holds a run of many', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path });
      const run = frames('r', ['a', 'b', 'c']);
      await written(sink, { bucket: 'r', frames: [run], count: 3, bytes: run.bytes.length, closedBy: 'time' });
      await sink.close();
      expect(textsIn(await readFile(join(path, 'r')))).toEqual(['a', 'b', 'c']);
    }));
});

describe('file: what goes wrong', () => {
  it('fails with the whole batch when its file cannot be opened, and is down until one can', () =>
    inFolder(async (path) => {
      const log = memoryLog();
      // Its timers stand still: nothing but a batch finds out.
      const env = testEnv({ log, scheduler: new VirtualTimeScheduler() });
      const sink = await openFile({ path, fileNameTemplate: '{bucket}/{ts}' }, env);
      await writeFile(join(path, 'requests'), 'in the way');
      const batch = batchOf('requests', ['a', 'b']);
      const { rest } = await failed(sink, batch);
      expect(rest).toMatchObject([{ cause: { kind: 'unavailable' }, written: 'no' }]);
      expect(rest.map((part) => messagesOf(part.batch))).toEqual([['a', 'b']]);
      expect(await firstValueFrom(sink.health$)).toMatchObject({ state: 'down' });
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);

      await rm(join(path, 'requests'));
      await written(sink, batch);
      expect(await firstValueFrom(sink.health$)).toEqual({ state: 'up' });
      await sink.close();
      expect(await messagesIn(join(path, 'requests', '1700000000'))).toEqual(['a', 'b']);
    }));

  it('one bucket in trouble is no trouble for another', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path, fileNameTemplate: '{bucket}/{ts}' });
      await writeFile(join(path, 'bad'), 'in the way');
      const [bad, good] = await Promise.allSettled([
        written(sink, batchOf('bad', ['a'])),
        written(sink, batchOf('good', ['b'])),
      ]);
      expect([bad.status, good.status]).toEqual(['rejected', 'fulfilled']);
      await sink.close();
    }));

  it('takes a batch out of the queue when giveUp$ emits, and leaves it out of the file', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path });
      const giveUp$ = new Subject<string>();
      const first = written(sink, batchOf('r', ['stays']), NEVER);
      const second = failed(sink, batchOf('r', ['goes']), giveUp$);
      giveUp$.next('stop');
      expect((await second).rest).toMatchObject([{ cause: { kind: 'gave_up' }, written: 'no' }]);
      await first;
      await sink.close();
      expect(await messagesIn(join(path, 'r'))).toEqual(['stays']);
    }));

  it('refuses a write after close', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path });
      await sink.close();
      expect((await failed(sink, batchOf('r', ['late']))).rest).toMatchObject([{ written: 'no' }]);
    }));

  it('closes without a disk that does not answer in time, and says so', () =>
    inFolder(async (path) => {
      const log = memoryLog();
      const scheduler = new VirtualTimeScheduler();
      const sink = await openFile({ path }, testEnv({ log, scheduler }));
      const outstanding = written(sink, batchOf('r', ['a']));
      const closing = sink.close();
      scheduler.flush();
      await closing;
      expect(scheduler.now()).toBe(10_000);
      expect(log.lines.at(-1)).toMatchObject({
        level: 'error',
        message: 'file: a disk does not answer; closing without it',
      });
      await outstanding;
    }));

  it('leaves a folder of the name of a file alone', () =>
    inFolder(async (path) => {
      await mkdir(join(path, 'requests'));
      const sink = await openFile({ path });
      await written(sink, batchOf('requests', ['a']));
      await sink.close();
      expect(await messagesIn(join(path, 'requests-1'))).toEqual(['a']);
    }));
});
