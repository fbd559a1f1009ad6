import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { link, mkdir, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { SpoolFile } from '../../../src/model';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { batchOf, memoryLog, testEnv } from '../../../src/testing/builders';
import { onSmallDisk } from '../../support/disks';
import { inFolder, messagesIn, openSpool, written } from '../../support/fileSinks';
import { itMounts } from '../../support/itMounts';
import { itTraces, traced, type TracedSink } from './straced';

// Real files: a busy disk makes them slow.
jest.setTimeout(60_000);

const all = (): boolean => true;
const none = (): boolean => false;
const namesOf = (files: readonly SpoolFile[]): readonly string[] => files.map(({ path }) => basename(path));
const record = (bucket: string, text: string): Buffer => encodeRecord(bucket, text, { timestampMs: 1 });

/** A file of an earlier process, `secondsAgo` old. */
const put = async (path: string, bytes: Uint8Array, secondsAgo = 0): Promise<void> => {
  await writeFile(path, bytes);
  const at = 1_700_000_000 - secondsAgo;
  await utimes(path, at, at);
};

/** What a new process lists, and what it warns of. */
const listNew = async (settings: Readonly<Record<string, unknown>>, closes: (bucket: string) => boolean = none) => {
  const log = memoryLog();
  const sink = await openSpool(settings, testEnv({ log }));
  const files = await sink.spool.files(closes);
  await sink.close();
  return { files, names: namesOf(files), warnings: log.lines.filter(({ level }) => !/debug|info/.test(level)) };
};

describe('file to be sent on: what an earlier process left', () => {
  it('is closed whatever may be closed, and listed by its time, before what is new', () =>
    inFolder(async (path) => {
      await put(join(path, 'a.part'), record('a', 'second'), 20);
      await put(join(path, 'a-9'), record('a', 'third'), 10);
      await put(join(path, 'a-10'), encodeFrame('a', 'first, without a time'), 30);
      const sink = await openSpool({ path });
      await written(sink, batchOf('a', ['new']));
      const files = await sink.spool.files((bucket) => bucket === 'a');
      expect(namesOf(files)).toEqual(['a-10', 'a', 'a-9', 'a-11']);
      expect(files.map(({ bucket }) => bucket)).toEqual(['a', 'a', 'a', 'a']);
      expect((await readdir(path)).sort()).toEqual(['a', 'a-10', 'a-11', 'a-9']);
      await sink.close();
    }));

  it('is listed by its name where the times are equal, and without a bucket where it may hold several', () =>
    inFolder(async (path) => {
      for (const name of ['1600000000-10.frames', '1600000000-9.frames.part', '1600000000.frames']) {
        await put(join(path, name), record('a', name));
      }
      const { files, names } = await listNew({ path, fileNameTemplate: '{ts}.frames' });
      expect(names).toEqual(['1600000000.frames', '1600000000-9.frames', '1600000000-10.frames']);
      expect(files.map(({ bucket }) => bucket)).toEqual([undefined, undefined, undefined]);
    }));

  it('is repaired: a torn tail is cut off, and its time stays', () =>
    inFolder(async (path) => {
      const whole = record('a', 'whole');
      await put(join(path, 'a.part'), Buffer.concat([whole, whole.subarray(0, -1)]), 1000);
      await put(join(path, 'a-1'), record('a', 'younger'), 500);
      const { names, warnings } = await listNew({ path });
      expect(names).toEqual(['a', 'a-1']);
      expect(warnings.map(({ message }) => message)).toEqual(['file: a torn frame at the end is cut off']);
      expect(await readFile(join(path, 'a'))).toEqual(whole);
      expect((await stat(join(path, 'a'))).mtimeMs).toBe(1_699_999_000_000);
    }));

  it('is repaired: what is no frame is moved aside with all behind it', () =>
    inFolder(async (path) => {
      const tail = Buffer.concat([Buffer.alloc(50), record('a', 'behind')]);
      await put(join(path, 'a.part'), Buffer.concat([record('a', 'whole'), tail]));
      expect((await listNew({ path })).names).toEqual(['a']);
      expect(await messagesIn(join(path, 'a'))).toEqual(['whole']);
      expect(await readFile(join(path, 'a.bad'))).toEqual(tail);
      expect((await listNew({ path })).names).toEqual(['a']);
    }));

  it('is deleted where nothing whole is in it', () =>
    inFolder(async (path) => {
      await put(join(path, 'a.part'), record('a', 'torn').subarray(0, -1));
      await put(join(path, 'b.part'), Buffer.alloc(0));
      expect((await listNew({ path })).names).toEqual([]);
      expect(await readdir(path)).toEqual([]);
    }));

  it.each([
    ['zeros alone', Buffer.alloc(5000)],
    ['a frame behind zeros', Buffer.concat([Buffer.alloc(4096), record('a', 'behind')])],
    ['anything but a frame', Buffer.from('no frame, whatever it was')],
  ])('is moved aside, and a warning says so, where it starts with no frame: %s', (_, bytes) =>
    inFolder(async (path) => {
      await put(join(path, 'a.log.part'), bytes);
      const { names, warnings } = await listNew({ path, fileNameTemplate: '{bucket}.log' });
      expect(names).toEqual([]);
      expect(warnings).toMatchObject([
        {
          message: 'file: what was no frame is moved aside',
          fields: { path: join(path, 'a.log.part'), at: 0, bytes: bytes.length, aside: join(path, 'a.log.bad') },
        },
      ]);
      expect(await readdir(path)).toEqual(['a.log.bad']);
      expect(await readFile(join(path, 'a.log.bad'))).toEqual(bytes);
    }),
  );

  it('is deleted where its first frame ends before it says whose it is', () =>
    inFolder(async (path) => {
      for (const [name, length] of [
        ['a', 3],
        ['b', 5],
        ['c', 8],
      ] as const) {
        await put(join(path, `${name}.part`), record(name.repeat(20), 'torn').subarray(0, length));
      }
      expect((await listNew({ path })).names).toEqual([]);
      expect(await readdir(path)).toEqual([]);
    }));

  itMounts('leaves nothing beside it where what is no frame cannot be copied, and is listed once it can', () =>
    onSmallDisk(256 * 1024, async (path) => {
      await put(join(path, 'a.part'), Buffer.concat([record('a', 'whole'), Buffer.alloc(100_000)]));
      await writeFile(join(path, 'ballast'), Buffer.alloc(100_000));
      for (let round = 0; round < 3; round += 1) {
        expect((await listNew({ path })).names).toEqual([]);
        expect((await readdir(path)).sort()).toEqual(['a.part', 'ballast']);
      }
      await rm(join(path, 'ballast'));
      expect((await listNew({ path })).names).toEqual(['a']);
      expect((await stat(join(path, 'a.bad'))).size).toBe(100_000);
    }),
  );

  itTraces('is cut only when what is moved aside is on the disk', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await mkdir(path);
      await put(join(path, 'a.part'), Buffer.concat([record('a', 'whole'), Buffer.alloc(50)]));
      await traced(
        { path, fsync: 'never' },
        [],
        [join(path, 'a.part'), join(path, 'a.bad'), path],
        async (sink) => {
          await sink.files();
          const calls = (await sink.calls()).map((call) => /(fsync|fdatasync|ftruncate|rename)\(/.exec(call)?.[1]);
          expect(calls).toEqual(['fsync', 'fsync', 'ftruncate', 'rename']);
          await sink.close();
        },
        true,
      );
    }),
  );

  itTraces('is left, said once, where it cannot be read, and others are listed and written', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await mkdir(path);
      for (const name of ['a', 'b.part', 'c']) await put(join(path, name), record(name.slice(0, 1), '1'));
      await traced(
        { path, maxFiles: 2 },
        ['pread64:error=EIO'],
        [join(path, 'a'), join(path, 'b.part')],
        async (sink) => {
          const { files, log } = await sink.files();
          expect(files).toEqual([join(path, 'c')]);
          const message = 'file: it cannot be read and is left as it is';
          expect(log.map(({ fields }) => fields['path'])).toEqual([join(path, 'a'), join(path, 'b.part')]);
          expect(log).toMatchObject([{ message }, { message }]);
          expect((await sink.write({ bucket: 'a', texts: ['2'] })).ends).toEqual(['taken']);
          const second = await sink.files();
          expect(second.files).toEqual([join(path, 'c'), join(path, 'a-1')]);
          expect(second.log.map((line) => line.message)).toEqual(['file: closed']);
          await sink.close();
        },
        true,
      );
      expect((await readdir(path)).sort()).toEqual(['a', 'a-1', 'b.part', 'c']);
    }),
  );

  it('takes the next name where its own is taken', () =>
    inFolder(async (path) => {
      await put(join(path, 'a-1.log.part'), record('a', 'open'), 10);
      await put(join(path, 'a-1.log'), record('a', 'closed'), 20);
      await put(join(path, 'a-2.log'), Buffer.from('a stranger’s'));
      const { names } = await listNew({ path, fileNameTemplate: '{bucket}.log' });
      expect(names).toEqual(['a-1.log', 'a-3.log']);
      expect(await messagesIn(join(path, 'a-3.log'))).toEqual(['open']);
    }));

  it('lies in folders of the template’s too', () =>
    inFolder(async (path) => {
      for (const folder of ['a', 'b', 'stranger']) await mkdir(join(path, folder));
      await put(join(path, 'a', '1600000000.log'), record('a', '1'), 10);
      await put(join(path, 'b', '1600000000.log.part'), record('b', '2'), 20);
      await put(join(path, 'stranger', '1600000000.log'), record('a', '3'), 30);
      const { files } = await listNew({ path, fileNameTemplate: '{bucket}/{ts}.log' });
      expect(files.map(({ path: at }) => at)).toEqual([
        join(path, 'b', '1600000000.log'),
        join(path, 'a', '1600000000.log'),
      ]);
    }));

  it('is left alone while another process has it open', () =>
    inFolder(async (path) => {
      const handle = await open(join(path, 'a.part'), 'a');
      await handle.write(record('a', 'still written to'));
      const empty = await open(join(path, 'b.part'), 'a');
      const other = spawn('sleep', ['60'], { stdio: [handle.fd, empty.fd, 'ignore'] });
      const ended = once(other, 'exit');
      await once(other, 'spawn');
      await Promise.all([handle.close(), empty.close()]);
      try {
        expect((await listNew({ path })).names).toEqual([]);
        expect((await readdir(path)).sort()).toEqual(['a.part', 'b.part']);
      } finally {
        other.kill();
        await ended;
      }
      expect((await listNew({ path })).names).toEqual(['a']);
    }));

  it('is left, said and listed next time, where it cannot be repaired, and others are listed', () =>
    inFolder(async (path) => {
      const tail = Buffer.alloc(50);
      await put(join(path, 'a.part'), Buffer.concat([record('a', 'whole'), tail]), 10);
      for (let n = 0; n < 100; n += 1) await writeFile(join(path, `a.bad${n === 0 ? '' : `-${n}`}`), 'bad');
      await put(join(path, 'b.part'), record('b', 'fine'));
      const { names, warnings } = await listNew({ path });
      expect(names).toEqual(['b']);
      expect(warnings).toMatchObject([
        { message: 'file: it cannot be repaired and is left as it is', fields: { path: join(path, 'a.part') } },
      ]);
      expect((await readFile(join(path, 'a.part'))).length).toBe(record('a', 'whole').length + tail.length);
    }));

  /** A sink that finds a part in its folder, and of which strace makes calls fail. */
  const tracedWithPart = (inject: readonly string[], use: (sink: TracedSink, path: string) => Promise<void>) =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await mkdir(path);
      await put(join(path, 'a.log.part'), record('a', '1'));
      const settings = { path, fileNameTemplate: '{bucket}.log', fsync: 'batch' };
      await traced(settings, inject, [], (sink) => use(sink, path), true);
    });

  itTraces('is synced before it has its name, as is the folder after', () =>
    tracedWithPart([], async (sink, path) => {
      await sink.files();
      const calls = (await sink.calls()).map((call) => /(fsync|fdatasync|rename)\(/.exec(call)?.[1]);
      expect(calls).toEqual(['fdatasync', 'fsync', 'rename', 'fsync']);
      await sink.close();
      expect(await readdir(path)).toEqual(['a.log']);
    }),
  );

  itTraces('keeps its part where it cannot be synced, and says so', () =>
    tracedWithPart(['fdatasync:error=EIO:when=1'], async (sink, path) => {
      const { files, log } = await sink.files();
      expect(files).toEqual([]);
      expect(log).toMatchObject([{ message: 'file: what was left open cannot be closed', fields: { code: 'EIO' } }]);
      expect((await sink.files()).files).toEqual([join(path, 'a.log')]);
      await sink.close();
    }),
  );
});

describe('file to be sent on: what is not its own', () => {
  it('is neither listed nor touched', () =>
    inFolder(async (path) => {
      const own = record('a', 'old');
      const strangers: readonly (readonly [string, Uint8Array])[] = [
        ['a-1', Buffer.from('text under a name of ours')],
        ['a-2', Buffer.alloc(0)],
        ['a-3', record('a-3x', 'of a bucket that has other names')],
        ['a-4', own.subarray(0, -1)],
        ['a-6.part', record('b', 'of another bucket')],
        ['a.dead', own],
        ['a.bad', own],
        ['a.bad-1', own],
        ['a.part.bad', own],
        ['a.progress', own],
        ['a-05', own],
        ['a.log', own],
        ['a-1700000000', own],
        ['a.part.part', own],
        ['ä', own],
      ];
      for (const [name, bytes] of strangers) await put(join(path, name), bytes, 1000);
      await mkdir(join(path, 'a-7'));
      await symlink('a.log', join(path, 'a-8'));
      await symlink('a.log', join(path, 'a-9.part'));
      await link(join(path, 'a.log'), join(path, 'a-10'));
      await put(join(path, 'a'), own);
      const before = (await readdir(path)).sort();
      for (let round = 0; round < 2; round += 1) {
        expect((await listNew({ path }, all)).names).toEqual(['a']);
        expect((await readdir(path)).sort()).toEqual(before);
      }
      for (const [name, bytes] of strangers) expect(await readFile(join(path, name))).toEqual(Buffer.from(bytes));
    }));

  it('is what the dead letters beside it are, and theirs is what it is', () =>
    inFolder(async (path) => {
      for (const fileNameTemplate of ['{bucket}', 'all-{ts}', '{bucket}.dead']) {
        await put(join(path, 'a.dead'), record('a', 'dead'));
        await put(join(path, 'all-1600000000.dead'), record('a', 'dead'));
        const { names } = await listNew({ path, fileNameTemplate });
        expect(names).toEqual(fileNameTemplate === '{bucket}.dead' ? ['a.dead'] : []);
      }
    }));
});

describe('file to be sent on: ten thousand files', () => {
  it('reads each once, and lists them all each time', () =>
    inFolder(async (path) => {
      const names = Array.from({ length: 10_000 }, (_, n) => (n === 0 ? 'a' : `a-${n}`));
      const bytes = record('a', 'm');
      for (let at = 0; at < names.length; at += 500) {
        await Promise.all(names.slice(at, at + 500).map((name) => put(join(path, name), bytes)));
      }
      const sink = await openSpool({ path, maxFiles: 1_000_000, fsync: 'never' });
      expect(namesOf(await sink.spool.files(all))).toEqual(names);
      // What was read once is not read again: it would not be listed any more.
      for (const name of ['a', 'a-5000']) await writeFile(join(path, name), 'no frame');
      await written(sink, batchOf('a', ['new']));
      expect(namesOf(await sink.spool.files(all))).toEqual([...names, 'a-10000']);
      await sink.close();
    }));
});
