import { execFileSync } from 'node:child_process';
import { link, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { batchOf, memoryLog, testEnv } from '../../../src/testing/builders';
import { failed, filesIn, inFolder, messagesIn, openFile, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const frame = encodeFrame('requests', 'old');

/** Writes one message to the bucket `requests` and tells what was logged as a warning. */
const writeNew = async (path: string, settings: Readonly<Record<string, unknown>> = {}): Promise<readonly string[]> => {
  const log = memoryLog();
  const sink = await openFile({ path, ...settings }, testEnv({ log }));
  await written(sink, batchOf('requests', ['new']));
  await sink.close();
  return log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
};

describe('file: what it finds at its name', () => {
  it('cuts off a torn tail, then appends', () =>
    inFolder(async (path) => {
      await writeFile(join(path, 'requests'), Buffer.concat([frame, frame.subarray(0, 7)]));
      expect(await writeNew(path)).toEqual(['file: a torn frame at the end is cut off']);
      expect(await messagesIn(join(path, 'requests'))).toEqual(['old', 'new']);
      expect(await readdir(path)).toEqual(['requests']);
    }));

  it('knows records for ours, cuts off a torn one, then appends', () =>
    inFolder(async (path) => {
      const record = encodeRecord('requests', 'old', { key: 'k'.repeat(1000), timestampMs: 1 });
      await writeFile(join(path, 'requests'), Buffer.concat([record, frame, record.subarray(0, -1)]));
      expect(await writeNew(path)).toEqual(['file: a torn frame at the end is cut off']);
      expect(await messagesIn(join(path, 'requests'))).toEqual(['old', 'old', 'new']);
      expect(await readdir(path)).toEqual(['requests']);
    }));

  it('moves aside what is no frame with everything behind it, then appends', () =>
    inFolder(async (path) => {
      const tail = Buffer.concat([Buffer.alloc(9), frame]);
      for (const aside of ['requests.bad', 'requests.bad-1']) {
        await writeFile(join(path, 'requests'), Buffer.concat([frame, tail]));
        expect(await writeNew(path)).toEqual(['file: what was no frame is moved aside']);
        expect(await readFile(join(path, aside))).toEqual(tail);
        expect(await messagesIn(join(path, 'requests'))).toEqual(['old', 'new']);
      }
    }));

  it('takes a file with nothing but its torn first frame', () =>
    inFolder(async (path) => {
      await writeFile(join(path, 'requests'), frame.subarray(0, -1));
      await writeNew(path);
      expect(await messagesIn(join(path, 'requests'))).toEqual(['new']);
    }));

  it.each([
    ['a stranger’s text', Buffer.from('not ours at all\n')],
    ['a few bytes of anybody', Buffer.from('ab')],
    ['the frames of another bucket', encodeFrame('other', 'theirs')],
    ['the records of another bucket', encodeRecord('other', 'theirs')],
    [
      'an extended body of another type',
      Buffer.from('11000000' + '00020008' + '7265717565737473' + '0000' + '0000' + '6d', 'hex'),
    ],
    ['zeros', Buffer.alloc(100)],
  ])('leaves %s alone and takes the next name', (_, bytes) =>
    inFolder(async (path) => {
      await writeFile(join(path, 'requests'), bytes);
      expect(await writeNew(path)).toEqual([]);
      expect(await readFile(join(path, 'requests'))).toEqual(bytes);
      expect(await messagesIn(join(path, 'requests-1'))).toEqual(['new']);
    }),
  );

  it('follows no link at the name of a file', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await mkdir(path);
      const secret = join(folder, 'secret');
      await writeFile(secret, frame);
      await symlink(secret, join(path, 'requests'));
      await symlink(join(folder, 'made'), join(path, 'requests-1'));
      await writeNew(path);
      expect(await readFile(secret)).toEqual(frame);
      expect(await readdir(folder)).toEqual(['data', 'secret']);
      expect(await messagesIn(join(path, 'requests-2'))).toEqual(['new']);
    }));

  it('writes to no file that has another name too', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await mkdir(path);
      await writeFile(join(folder, 'elsewhere'), frame);
      await link(join(folder, 'elsewhere'), join(path, 'requests'));
      await writeNew(path);
      expect(await readFile(join(folder, 'elsewhere'))).toEqual(frame);
      expect(await messagesIn(join(path, 'requests-1'))).toEqual(['new']);
    }));

  it('is not held up by a pipe of that name', () =>
    inFolder(async (path) => {
      execFileSync('mkfifo', [join(path, 'requests')]);
      await writeNew(path);
      expect(await messagesIn(join(path, 'requests-1'))).toEqual(['new']);
    }));

  it('makes no folder behind a link', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      await mkdir(path);
      await mkdir(join(folder, 'elsewhere'));
      await symlink(join(folder, 'elsewhere'), join(path, 'requests'));
      const sink = await openFile({ path, fileNameTemplate: '{bucket}/sub/{ts}' });
      const { rest } = await failed(sink, batchOf('requests', ['a']));
      expect(rest).toMatchObject([{ written: 'no', cause: { kind: 'unavailable' } }]);
      await sink.close();
      expect(await readdir(join(folder, 'elsewhere'))).toEqual([]);
    }));

  it('lets the path itself lead over a link', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'real'));
      await symlink(join(folder, 'real'), join(folder, 'data'));
      await writeNew(join(folder, 'data'));
      expect(await messagesIn(join(folder, 'real', 'requests'))).toEqual(['new']);
    }));

  it('never writes to a file that another sink has open', () =>
    inFolder(async (path) => {
      const one = await openFile({ path });
      const other = await openFile({ path });
      await written(one, batchOf('requests', ['one']));
      await written(other, batchOf('requests', ['other']));
      await Promise.all([one.close(), other.close()]);
      expect(await messagesIn(join(path, 'requests'))).toEqual(['one']);
      expect(await messagesIn(join(path, 'requests-1'))).toEqual(['other']);
    }));

  it('keeps the file of a bucket named like a number of another’s family', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path, sizeRotate: 1 });
      await Promise.all(
        ['a', 'a-1', 'a', 'a-1'].map((bucket, n) => written(sink, batchOf(bucket, [`${bucket} ${n}`]))),
      );
      await sink.close();
      const found = await Promise.all((await filesIn(path)).map((name) => messagesIn(join(path, name))));
      expect(found.flat().sort()).toEqual(['a 0', 'a 2', 'a-1 1', 'a-1 3']);
      expect(found.every(({ length }) => length === 1)).toBe(true);
    }));

  it('stays below its folder whatever the bucket is called', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const buckets = [
        '../x',
        '/',
        '\0',
        '__proto__',
        'constructor',
        '.',
        '..',
        '~',
        'a/b',
        'é'.repeat(127),
        'x'.repeat(255),
      ];
      const sink = await openFile({ path, fileNameTemplate: '{bucket}{PS}{bucket}.log' });
      await Promise.all(buckets.map((bucket) => written(sink, batchOf(bucket, [bucket]))));
      await sink.close();
      expect(await readdir(folder)).toEqual(['data']);
      const names = await filesIn(path);
      expect(names).toHaveLength(buckets.length);
      expect((await Promise.all(names.map((name) => messagesIn(join(path, name))))).flat().sort()).toEqual(
        [...buckets].sort(),
      );
      expect((await stat(join(path, '__proto__', '__proto__.log'))).isFile()).toBe(true);
    }));
});
