import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpill, totalsOf, type Spilled } from '../../src/control/spill';
import { createUnsettled } from '../../src/control/unsettled';
import type { Batch, Frames, StreamOptions } from '../../src/model';
import { createNames, fileName } from '../../src/sinks/file/names';
import { parseTemplate } from '../../src/sinks/file/template';
import { openSpoolFile } from '../../src/spool/openSpoolFile';
import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { batchOf, batchOfRun, frames, memoryLog, testEnv } from '../../src/testing/builders';
import { onSmallDisk } from '../support/disks';
import { itMounts } from '../support/itMounts';

const NOW_MS = 1_700_000_000_999;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kahets-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Held {
  readonly gathered?: readonly Frames[];
  readonly written?: readonly (readonly [stream: string, batch: Batch])[];
}

const emptyKeyOf = (bucket: string): StreamOptions['emptyKey'] => (bucket === 'nulls' ? 'null' : 'empty');

const spill = (
  { gathered = [], written = [] }: Held,
  emptyKeys: ReadonlyMap<string, StreamOptions['emptyKey']> = new Map(),
  at = folder,
): readonly Spilled[] => {
  const unsettled = createUnsettled();
  if (gathered.length > 0) unsettled.unsettled.gathering(() => gathered);
  for (const [stream, batch] of written) unsettled.unsettled.writing(stream, batch);
  return createSpill({
    folder: at,
    unsettled,
    emptyKeyOfStream: (id) => emptyKeys.get(id),
    emptyKeyOf,
    now: () => NOW_MS,
  })();
};

interface Found {
  readonly text: string;
  readonly timestampMs: bigint | number | undefined;
  readonly hasKey: boolean;
}

const found = (path: string): readonly Found[] => {
  const bytes = readFileSync(path);
  const cursor = new MessageCursor(bytes);
  const messages: Found[] = [];
  while (cursor.next()) {
    const { timestampMs, keyIsNull } = cursor;
    messages.push({ text: bytes.toString('utf8', cursor.valueStart, cursor.end), timestampMs, hasKey: !keyIsNull });
  }
  expect(cursor.end).toBe(bytes.length);
  return messages;
};

const texts = (path: string): readonly string[] => found(path).map(({ text }) => text);

describe('createSpill', () => {
  it('empty: makes no file and no folder where nothing is held', () => {
    expect(spill({}, undefined, join(folder, 'spool'))).toEqual([]);
    expect(existsSync(join(folder, 'spool'))).toBe(false);
  });

  it('one: writes open batches to accepted, as records with their time of arrival and what an empty key is', () => {
    const run = { ...frames('b', ['1', '2']), arrivedMs: 1234 };
    const spilled = spill({ gathered: [run, frames('c', ['3']), frames('nulls', ['4'])] });
    const path = join(folder, 'accepted/1700000000.frames');
    expect(spilled).toEqual([
      { stream: undefined, file: { path, messages: 4, notDurable: undefined }, lost: new Map(), cause: undefined },
    ]);
    expect(found(path)).toEqual([
      { text: '1', timestampMs: 1234, hasKey: true },
      { text: '2', timestampMs: 1234, hasKey: true },
      { text: '3', timestampMs: 0, hasKey: true },
      { text: '4', timestampMs: 0, hasKey: false },
    ]);
    expect(readdirSync(join(folder, 'accepted'))).toEqual(['1700000000.frames']);
  });

  it('many: writes a file for each stream, in the order of the writes, with what an empty key is there', () => {
    const [one, two] = [batchOf('b', ['1', '2']), batchOf('c', ['3'])];
    const spilled = spill(
      {
        written: [
          ['kafka', one],
          ['../copy', one],
          ['kafka', two],
        ],
      },
      new Map([['kafka', 'null']]),
    );
    expect(spilled.map(({ stream, file }) => [stream, file?.path, file?.messages])).toEqual([
      ['kafka', join(folder, 'streams/kafka/1700000000.frames'), 3],
      ['../copy', join(folder, 'streams/..%2Fcopy/1700000000.frames'), 2],
    ]);
    expect(found(spilled[0]?.file?.path ?? '').map(({ text, hasKey }) => [text, hasKey])).toEqual([
      ['1', false],
      ['2', false],
      ['3', false],
    ]);
    expect(found(spilled[1]?.file?.path ?? '').map(({ text, hasKey }) => [text, hasKey])).toEqual([
      ['1', true],
      ['2', true],
    ]);
    expect(totalsOf(spilled)).toEqual({ spooled: 5, lost: 0 });
  });

  it('takes names of the template of the sink that sends them on, and the next one where one is taken', () => {
    const parsed = parseTemplate('{ts}.frames');
    if (parsed._tag === 'Left') throw new Error('the template is wrong');
    const place = createNames(parsed.right, testEnv({ now: () => NOW_MS })).place('b');
    const at = join(folder, 'streams/s');
    mkdirSync(at, { recursive: true });
    writeFileSync(join(at, fileName(place, 0)), 'precious');
    writeFileSync(join(at, `${fileName(place, 1)}.part`), 'open');
    const spilled = spill({ written: [['s', batchOf('b', ['1'])]] });
    expect(spilled[0]?.file?.path).toBe(join(at, fileName(place, 2)));
    expect(readFileSync(join(at, fileName(place, 0)), 'utf8')).toBe('precious');
    expect(readFileSync(join(at, `${fileName(place, 1)}.part`), 'utf8')).toBe('open');
    expect(readdirSync(at)).toHaveLength(4);
  });

  it('tells who sends a stream’s file on that its messages may be delivered already', async () => {
    const [first] = spill({ written: [['s', batchOf('b', ['1', '2'])]] });
    const reader = await openSpoolFile(first?.file?.path ?? '', { log: memoryLog() });
    expect(await reader.next()).toMatchObject({ maybeTwice: true, batches: [{ count: 2 }] });
    expect(await reader.next()).toBeUndefined();
    await reader.remove();
    expect(readdirSync(join(folder, 'streams/s'))).toEqual([]);
  });

  it('writes runs larger than its buffer, between small ones, in order', () => {
    const sizes = [10, 600_000, 20, 200_000, 200_000, 30];
    const batch = batchOf(
      'b',
      sizes.map((size, n) => String(n).repeat(size)),
    );
    const [first] = spill({ written: [['s', batch]] });
    expect(texts(first?.file?.path ?? '').map((text) => [text[0], text.length])).toEqual(
      sizes.map((size, n) => [String(n), size]),
    );
  });

  it('writes frames as they are where they cannot be made records', () => {
    const run = { ...frames('b', ['1', '2']), arrivedMs: 1n as unknown as number };
    const [first] = spill({ gathered: [run] });
    expect(readFileSync(first?.file?.path ?? '')).toEqual(run.bytes);
  });

  it('error: says what is lost where nothing can be written, and goes on with the rest', () => {
    mkdirSync(join(folder, 'streams'));
    writeFileSync(join(folder, 'streams/s'), 'a file where a folder is expected');
    const spilled = spill({
      written: [
        ['s', batchOf('b', ['1', '2'])],
        ['s', batchOf('c', ['3'])],
        ['t', batchOf('b', ['1', '2'])],
      ],
    });
    expect(spilled).toEqual([
      {
        stream: 's',
        file: undefined,
        lost: new Map([
          ['b', 2],
          ['c', 1],
        ]),
        cause: expect.stringContaining('EEXIST') as unknown,
      },
      expect.objectContaining({ stream: 't', lost: new Map() }),
    ]);
    expect(totalsOf(spilled)).toEqual({ spooled: 2, lost: 3 });
  });

  itMounts('error: on a full disk the file ends with a whole frame, and what is not in it is counted', () =>
    onSmallDisk(1_000_000, async (disk) => {
      const batches = Array.from({ length: 100 }, (_, n) => batchOf(`b${n % 2}`, [`${n}:`.padEnd(30_000, '.')]));
      const spilled = spill({ written: batches.map((batch) => ['s', batch]) }, undefined, disk);
      const [first] = spilled;
      expect(first?.cause).toContain('ENOSPC');
      const written = texts(first?.file?.path ?? '').map((text) => parseInt(text));
      expect(written).toEqual(written.map((_, n) => n));
      const { spooled, lost } = totalsOf(spilled);
      expect([written.length, spooled, spooled + lost]).toEqual([spooled, written.length, 100]);
      expect(spooled).toBeGreaterThan(20);
      expect([...(first?.lost.keys() ?? [])].toSorted()).toEqual(['b0', 'b1']);
      await Promise.resolve();
    }),
  );

  itMounts('error: on a disk without room for a frame it leaves no file', () =>
    onSmallDisk(65_536, async (disk) => {
      const run = batchOfRun('b', [encodeFrame('b', 'x'.repeat(100_000))]);
      const spilled = spill({ written: [['s', run]] }, undefined, disk);
      expect(totalsOf(spilled)).toEqual({ spooled: 0, lost: 1 });
      expect(readdirSync(join(disk, 'streams/s'))).toEqual([]);
      await Promise.resolve();
    }),
  );
});
