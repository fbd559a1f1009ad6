import { readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { VirtualTimeScheduler } from 'rxjs';
import type { SpoolFile } from '../../../src/model';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { LONGER_BY } from '../../../src/wire/toRecords';
import { batchOf, batchOfRun, memoryLog, testEnv } from '../../../src/testing/builders';
import { describeSink } from '../../../src/testing/describeSink';
import { fileConformance, filesIn, inFolder, messagesIn, openFile, openSpool, written } from '../../support/fileSinks';

// Real files: a busy disk makes them slow.
jest.setTimeout(30_000);

const all = (): boolean => true;
const none = (): boolean => false;
const namesOf = (files: readonly SpoolFile[]): readonly string[] => files.map(({ path }) => basename(path));

describeSink('file whose files are to be sent on', fileConformance(openSpool));

describe('file to be sent on: what it holds', () => {
  it('has a spool only where that is asked for', () =>
    inFolder(async (path) => {
      const plain = await openFile({ path });
      expect(plain.spool).toBeUndefined();
      await plain.close();
    }));

  it('has records with the time of arrival, and those that have a time as they came', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path });
      const timed = encodeRecord('r', 'timed', { timestampMs: 7, partition: 3 });
      const sent = [
        encodeFrame('r', 'one', 'k'),
        encodeFrame('r', 'two'),
        timed,
        encodeRecord('r', null, { key: 'k' }),
      ];
      await written(sink, batchOfRun('r', sent, 1000));
      await written(sink, batchOfRun('r', [encodeFrame('r', 'later')], 2000));
      await sink.close();
      expect(await readFile(join(path, 'r'))).toEqual(
        Buffer.concat([
          encodeRecord('r', 'one', { key: 'k', timestampMs: 1000 }),
          encodeRecord('r', 'two', { key: '', timestampMs: 1000 }),
          timed,
          encodeRecord('r', null, { key: 'k', timestampMs: 1000 }),
          encodeRecord('r', 'later', { key: '', timestampMs: 2000 }),
        ]),
      );
    }));

  it('has no key where the stream makes empty ones null', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path }, testEnv(), { emptyKey: 'null' });
      await written(sink, batchOfRun('r', [encodeFrame('r', 'm')], 5));
      await sink.close();
      expect(await readFile(join(path, 'r'))).toEqual(encodeRecord('r', 'm', { key: null, timestampMs: 5 }));
    }));

  it('is full by the bytes that it has, not by those that came', () =>
    inFolder(async (path) => {
      const batch = batchOf('r', ['x']);
      const sizeRotate = 2 * (batch.bytes + LONGER_BY);
      const sink = await openSpool({ path, sizeRotate });
      await Promise.all(Array.from({ length: 5 }, () => written(sink, batch)));
      await sink.close();
      const files = await filesIn(path);
      expect(files).toEqual(['r', 'r-1', 'r-2']);
      expect((await readFile(join(path, 'r'))).length).toBe(sizeRotate);
    }));
});

describe('file to be sent on: its names', () => {
  it('is a part until it is closed by its size or with the sink', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path, fileNameTemplate: '{bucket}.log', sizeRotate: 1 });
      for (const text of ['a', 'b', 'c']) await written(sink, batchOf('r', [text]));
      expect((await readdir(path)).sort()).toEqual(['r-1.log', 'r-2.log.part', 'r.log']);
      await sink.close();
      expect((await readdir(path)).sort()).toEqual(['r-1.log', 'r-2.log', 'r.log']);
      const texts = await Promise.all(['r.log', 'r-1.log', 'r-2.log'].map((name) => messagesIn(join(path, name))));
      expect(texts).toEqual([['a'], ['b'], ['c']]);
    }));

  it('is closed for its age while nothing comes', () =>
    inFolder(async (path) => {
      const scheduler = new VirtualTimeScheduler();
      const sink = await openSpool({ path, ageRotate: '1h', fsync: 'never' }, testEnv({ scheduler }));
      await written(sink, batchOf('r', ['a']));
      scheduler.flush();
      // What was asked for comes after what is under way.
      await written(sink, batchOf('r', ['b']));
      expect((await readdir(path)).sort()).toEqual(['r', 'r-1.part']);
      await sink.close();
    }));

  it('appends to no file that is there, closed or not', () =>
    inFolder(async (path) => {
      const old = encodeFrame('r', 'old');
      await writeFile(join(path, 'r'), old);
      await writeFile(join(path, 'r-1.part'), old);
      await writeFile(join(path, 'r-7.part'), old);
      const sink = await openSpool({ path });
      await written(sink, batchOf('r', ['new']));
      await sink.close();
      expect((await readdir(path)).sort()).toEqual(['r', 'r-1.part', 'r-7.part', 'r-8']);
      for (const name of ['r', 'r-1.part', 'r-7.part']) expect(await readFile(join(path, name))).toEqual(old);
    }));

  it('takes the next free name where somebody has taken its own meanwhile', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path, fileNameTemplate: '{bucket}.log', sizeRotate: 1 });
      await written(sink, batchOf('r', ['mine']));
      for (const name of ['r.log', 'r-1.log', 'r-2.log.part']) await writeFile(join(path, name), 'theirs');
      await sink.close();
      expect((await readdir(path)).sort()).toEqual(['r-1.log', 'r-2.log.part', 'r-3.log', 'r.log']);
      expect(await messagesIn(join(path, 'r-3.log'))).toEqual(['mine']);
    }));

  it('keeps apart a bucket that is called like the part of another', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path });
      for (const bucket of ['a', 'a.part', 'a']) await written(sink, batchOf(bucket, [bucket]));
      const files = await sink.spool.files(all);
      expect(files.map(({ bucket }) => bucket)).toEqual(['a', 'a.part']);
      expect(await Promise.all(files.map(({ path: at }) => messagesIn(at)))).toEqual([['a', 'a'], ['a.part']]);
      await sink.close();
    }));

  it('leaves alone what took the place of its open file, and what was moved stays where it is', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path });
      await written(sink, batchOf('r', ['moved']));
      await rename(join(path, 'r.part'), join(path, 'elsewhere'));
      await writeFile(join(path, 'r.part'), 'theirs');
      await sink.close();
      expect((await readdir(path)).sort()).toEqual(['elsewhere', 'r.part']);
      expect(await messagesIn(join(path, 'elsewhere'))).toEqual(['moved']);
    }));

  it('makes a new file when the open one was deleted', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path });
      await written(sink, batchOf('r', ['old']));
      await rm(join(path, 'r.part'));
      await Promise.all(['new', 'newer'].map((text) => written(sink, batchOf('r', [text]))));
      const files = await sink.spool.files(all);
      expect(await Promise.all(files.map(({ path: at }) => messagesIn(at)))).toEqual([['new', 'newer']]);
      await sink.close();
    }));
});

describe('Spool.files', () => {
  it('lists nothing where there is nothing, not even a folder', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'data');
      const sink = await openSpool({ path });
      expect(await sink.spool.files(all)).toEqual([]);
      await rm(path, { recursive: true });
      expect(await sink.spool.files(all)).toEqual([]);
      await sink.close();
    }));

  it('closes what is open and lists it, with its bucket and bytes, and what comes then is not in it', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path });
      await written(sink, batchOf('r', ['a']));
      const first = await sink.spool.files(all);
      const { length } = await readFile(join(path, 'r'));
      expect(first).toMatchObject([{ path: join(path, 'r'), bytes: length, bucket: 'r', own: true }]);
      await written(sink, batchOf('r', ['b']));
      expect(await messagesIn(join(path, 'r'))).toEqual(['a']);
      expect(namesOf(await sink.spool.files(none))).toEqual(['r']);
      expect(namesOf(await sink.spool.files(all))).toEqual(['r', 'r-1']);
      await sink.close();
    }));

  it('has all that has a receipt, however much is under way', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path, sizeRotate: 200 });
      const taken: string[] = [];
      const writes = Array.from({ length: 60 }, async (_, n) => {
        await written(sink, batchOf('r', [`${n}`]));
        taken.push(`${n}`);
      });
      for (let round = 0; round < 10; round += 1) {
        await Promise.race(writes.slice(round * 6));
        const before = [...taken];
        const files = await sink.spool.files(all);
        const found = (await Promise.all(files.map(({ path: at }) => messagesIn(at)))).flat();
        expect(found.slice(0, before.length)).toEqual(before);
      }
      await Promise.all(writes);
      await sink.close();
    }));

  it('leaves open the files of buckets that are not to be closed', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path });
      for (const bucket of ['a', 'b']) await written(sink, batchOf(bucket, ['1']));
      expect(namesOf(await sink.spool.files((bucket) => bucket !== 'a'))).toEqual(['b']);
      await written(sink, batchOf('a', ['2']));
      expect(await messagesIn(join(path, 'a.part'))).toEqual(['1', '2']);
      await sink.close();
    }));

  it('closes a file of several buckets only where all of them may be, and does not say whose it is', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path, fileNameTemplate: 'all' });
      for (const bucket of ['a', 'b', 'c']) await written(sink, batchOf(bucket, [bucket]));
      for (const blocked of ['a', 'b', 'c']) expect(await sink.spool.files((bucket) => bucket !== blocked)).toEqual([]);
      const [file] = await sink.spool.files(all);
      expect(file).toMatchObject({ path: join(path, 'all'), bucket: undefined });
      // A new file begins without what the last one held.
      await written(sink, batchOf('c', ['c']));
      expect(namesOf(await sink.spool.files((bucket) => bucket === 'c'))).toEqual(['all', 'all-1']);
      await sink.close();
    }));

  it('lists in the order of opening, though the clock is put back and numbers are used again', () =>
    inFolder(async (path) => {
      let nowMs = 1_700_000_000_000;
      const sink = await openSpool(
        { path, fileNameTemplate: '{ts}.frames', sizeRotate: 1 },
        testEnv({ now: () => nowMs }),
      );
      for (const text of ['1', '2', '3', '4']) {
        await written(sink, batchOf('r', [text]));
        nowMs -= 1_000_000;
      }
      const texts = async (): Promise<readonly string[]> =>
        (await Promise.all((await sink.spool.files(all)).map(({ path: at }) => messagesIn(at)))).flat();
      expect(await texts()).toEqual(['1', '2', '3', '4']);
      await rm(join(path, '1700000000.frames'));
      nowMs = 1_700_000_000_000;
      await written(sink, batchOf('r', ['5']));
      expect(await texts()).toEqual(['2', '3', '4', '5']);
      expect(namesOf(await sink.spool.files(all)).at(-1)).toBe('1700000000.frames');
      await sink.close();
    }));

  it('may be asked by several at once, and after the sink was closed', () =>
    inFolder(async (path) => {
      const sink = await openSpool({ path });
      await written(sink, batchOf('r', ['a']));
      const lists = await Promise.all([sink.spool.files(none), sink.spool.files(all), sink.spool.files(all)]);
      expect(lists.map(namesOf)).toEqual([[], ['r'], ['r']]);
      await sink.close();
      expect(namesOf(await sink.spool.files(all))).toEqual(['r']);
    }));

  it('says which files it closes, to whoever debugs', () =>
    inFolder(async (path) => {
      const log = memoryLog();
      const sink = await openSpool({ path }, testEnv({ log }));
      await written(sink, batchOf('r', ['a']));
      await sink.spool.files(all);
      expect(log.lines.map(({ message }) => message)).toEqual(['file: opened', 'file: closed']);
      await sink.close();
    }));
});
