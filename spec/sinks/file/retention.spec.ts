import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { batchOf, memoryLog, testEnv } from '../../../src/testing/builders';
import { filesIn, inFolder, messagesIn, openFile, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

/** A file of an earlier run, `secondsAgo` old. */
const put = async (path: string, bytes: Uint8Array, secondsAgo: number): Promise<void> => {
  await writeFile(path, bytes);
  const at = 1_700_000_000 - secondsAgo;
  await utimes(path, at, at);
};

const writeEach = async (settings: Readonly<Record<string, unknown>>, bucket: string, texts: readonly string[]) => {
  const log = memoryLog();
  const sink = await openFile(settings, testEnv({ log }));
  for (const text of texts) await written(sink, batchOf(bucket, [text]));
  await sink.close();
  return log.lines.filter(({ level }) => level !== 'debug');
};

describe('file: maxFiles', () => {
  it('keeps the newest files of a bucket and says what it deleted', () =>
    inFolder(async (path) => {
      const lines = await writeEach({ path, sizeRotate: 1, maxFiles: 3 }, 'a', ['1', '2', '3', '4', '5', '6']);
      const left = await filesIn(path);
      expect(left).toHaveLength(3);
      expect((await Promise.all(left.map((name) => messagesIn(join(path, name))))).flat()).toEqual(['4', '5', '6']);
      expect(lines.every(({ message }) => message === 'file: the oldest files are deleted')).toBe(true);
      expect(lines.reduce((sum, { fields }) => sum + Number(fields.files), 0)).toBe(3);
    }));

  it('deletes in the order of writing, though the clock was put back a day meanwhile', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path, sizeRotate: 1, maxFiles: 3 });
      const tomorrow = Date.now() / 1000 + 86_400;
      for (const [n, text] of ['1', '2', '3', '4', '5', '6'].entries()) {
        await written(sink, batchOf('a', [text]));
        if (n < 3) await utimes(join(path, n === 0 ? 'a' : `a-${n}`), tomorrow, tomorrow);
      }
      await sink.close();
      const left = await filesIn(path);
      expect((await Promise.all(left.map((name) => messagesIn(join(path, name))))).flat()).toEqual(['4', '5', '6']);
    }));

  it('counts each bucket by itself', () =>
    inFolder(async (path) => {
      const settings = { path, sizeRotate: 1, maxFiles: 1, fileNameTemplate: '{bucket}/{rand}' };
      for (const bucket of ['a', 'b']) await writeEach(settings, bucket, ['1', '2', '3']);
      expect((await filesIn(path)).length).toBe(2);
    }));

  it('counts the files of earlier runs, oldest first by their time', () =>
    inFolder(async (path) => {
      await mkdir(join(path, 'a'));
      for (const [name, age] of [
        ['1600000001', 10],
        ['1600000002', 30],
        ['1600000003', 20],
      ] as const) {
        await put(join(path, 'a', `${name}.log`), encodeFrame('a', name), age);
      }
      await writeEach({ path, maxFiles: 3, fileNameTemplate: '{bucket}/{ts}.log' }, 'a', ['new']);
      expect((await readdir(join(path, 'a'))).sort()).toEqual(['1600000001.log', '1600000003.log', '1700000000.log']);
    }));

  it('counts files that start with a record of the bucket, and no other’s', () =>
    inFolder(async (path) => {
      const key = 'k'.repeat(1000);
      await put(join(path, 'a-1'), encodeRecord('a', 'old', { key, timestampMs: 1 }), 30);
      await put(join(path, 'a-2'), encodeRecord('b', 'theirs', { key }), 40);
      await put(join(path, 'a-3'), encodeFrame('a', 'newer'), 20);
      await writeEach({ path, maxFiles: 2 }, 'a', ['new']);
      expect((await readdir(path)).sort()).toEqual(['a', 'a-2', 'a-3']);
    }));

  it('finds files below folders that change with time', () =>
    inFolder(async (path) => {
      for (const [folder, age] of [
        ['1600000001', 10],
        ['1600000002', 20],
      ] as const) {
        await mkdir(join(path, folder));
        await put(join(path, folder, 'a.log'), encodeFrame('a', 'old'), age);
      }
      await writeEach({ path, maxFiles: 2, fileNameTemplate: '{ts}/{bucket}.log' }, 'a', ['new']);
      expect(await readdir(join(path, '1600000002'))).toEqual([]);
      expect(await readdir(join(path, '1600000001'))).toEqual(['a.log']);
    }));

  it('neither counts nor deletes what is not its own', () =>
    inFolder(async (path) => {
      const frame = encodeFrame('a', 'old');
      const strangers: readonly (readonly [string, Uint8Array])[] = [
        ['a-1', Buffer.from('text under a name of ours')],
        ['a-2', Buffer.alloc(0)],
        ['a-3', encodeFrame('a-3', 'of the bucket a-3')],
        ['a-4.bad', frame],
        ['a-05', frame],
        ['a.log', frame],
        ['ab', encodeFrame('ab', 'of the bucket ab')],
        ['a-1700000000', frame],
      ];
      for (const [name, bytes] of strangers) await put(join(path, name), bytes, 1000);
      await mkdir(join(path, 'a-6'));
      await symlink('a.log', join(path, 'a-7'));
      await writeEach({ path, sizeRotate: 1, maxFiles: 2 }, 'a', ['1', '2', '3', '4']);
      const left = await readdir(path);
      expect(left).toEqual(expect.arrayContaining([...strangers.map(([name]) => name), 'a-6', 'a-7']));
      expect(left.filter((name) => !strangers.some(([stranger]) => stranger === name)).sort()).toEqual([
        'a-5',
        'a-6',
        'a-7',
        'a-8',
      ]);
    }));

  it('deletes no file that is open', () =>
    inFolder(async (path) => {
      const sink = await openFile({ path, maxFiles: 1, fileNameTemplate: 'all-{rand}' });
      const random = [0.1, 0.2, 0.3][Symbol.iterator]();
      const other = await openFile(
        { path, maxFiles: 1, sizeRotate: 1, fileNameTemplate: 'all-{rand}' },
        testEnv({ random: () => random.next().value ?? 0.9 }),
      );
      await written(sink, batchOf('a', ['mine']));
      for (const text of ['1', '2', '3']) await written(other, batchOf('b', [text]));
      await other.close();
      await written(sink, batchOf('a', ['mine too']));
      await sink.close();
      const left = await Promise.all((await filesIn(path)).map((name) => messagesIn(join(path, name))));
      expect(left).toContainEqual(['mine', 'mine too']);
    }));
});
