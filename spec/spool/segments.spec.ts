import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { filter, firstValueFrom, NEVER, ReplaySubject } from 'rxjs';
import { logOf, type Frames } from '../../src/model';
import { segmentOwner } from '../../src/spool/journalSegment';
import { isRunning } from '../../src/spool/processes';
import { createSegments, type SegmentsOptions } from '../../src/spool/segments';
import { MessageCursor } from '../../src/wire/messageCursor';
import { frames } from '../../src/testing/builders';
import { onSmallDisk } from '../support/disks';
import { itMounts } from '../support/itMounts';

const ARRIVED_MS = 1_700_000_000_123;

const run = (...messages: readonly string[]): Frames => ({ ...frames('b', messages), arrivedMs: ARRIVED_MS });
const large = (letter: string): Frames => run(letter.repeat(1000));

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'kahets-segments-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A log whose lines can be waited for. */
const openLog = () => {
  const lines$ = new ReplaySubject<string>(Infinity);
  const lines: string[] = [];
  return {
    ...logOf((level) => (message) => {
      lines.push(`${level}: ${message}`);
      lines$.next(message);
    }),
    lines,
    when: (wanted: string): Promise<string> => firstValueFrom(lines$.pipe(filter((message) => message === wanted))),
  };
};

const open = (options: Partial<SegmentsOptions> = {}) => {
  const log = openLog();
  const { folder: spool = join(folder, 'spool', 'accepted') } = options;
  return { log, spool, segments: createSegments({ folder: spool, stop$: NEVER, log, ...options }) };
};

const filesOf = async (spool: string): Promise<readonly string[]> =>
  (await readdir(spool).catch(() => [])).sort((one, other) => one.length - other.length || (one < other ? -1 : 1));

interface Message {
  readonly text: string;
  readonly timestampMs: number | undefined;
}

/** All that lies in the segments; fails on one that does not end with a whole frame. */
const messagesIn = async (spool: string): Promise<readonly Message[]> => {
  const messages: Message[] = [];
  for (const name of await filesOf(spool)) {
    const bytes = await readFile(join(spool, name));
    const cursor = new MessageCursor(bytes);
    while (cursor.next()) {
      const { timestampMs, valueStart, end } = cursor;
      messages.push({ text: bytes.toString('utf8', valueStart, end), timestampMs });
    }
    expect(cursor.end).toBe(bytes.length);
  }
  return messages;
};

const textsIn = async (spool: string): Promise<readonly string[]> => (await messagesIn(spool)).map(({ text }) => text);

/** Resolves when the folder holds `count` files. */
const whenFiles = async (spool: string, count: number): Promise<void> => {
  while ((await filesOf(spool)).length !== count) await setTimeout(10);
};

describe('segments', () => {
  it('make nothing before something is written, and end quietly', async () => {
    const { segments, spool } = open();
    segments.settled([run('a')], false);
    await segments.close();
    await expect(stat(spool)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('hold what was appended, in order, as records that say when it arrived, when the call ends', async () => {
    const { segments, spool } = open();
    await Promise.all([segments.append([run('a', 'b'), run('c')]), segments.append([run('d')])]);
    expect(await messagesIn(spool)).toEqual(['a', 'b', 'c', 'd'].map((text) => ({ text, timestampMs: ARRIVED_MS })));
    await segments.close();
  });

  it('are named after the process that writes them', async () => {
    const { segments, spool } = open();
    await segments.append([run('a')]);
    const [name = ''] = await filesOf(spool);
    const owner = segmentOwner(name);
    expect(owner?.pid).toBe(process.pid);
    expect(owner && (await isRunning(owner))).toBe(true);
    await segments.close();
  });

  it('never take a name that is taken', async () => {
    const { segments: first, spool } = open();
    await first.append([run('a')]);
    await first.close();
    const { segments: second } = open();
    await second.append([run('b')]);
    expect(await textsIn(spool)).toEqual(['a', 'b']);
    await second.close();
  });

  it('go where all their runs have settled, and their folder with the last', async () => {
    const { segments, spool, log } = open({ rotateBytes: 1500 });
    const runs = ['a', 'b', 'c', 'd'].map(large);
    for (const one of runs) await segments.append([one]);
    expect(await filesOf(spool)).toHaveLength(2);
    segments.settled(runs.slice(0, 1), false);
    expect(await textsIn(spool)).toHaveLength(4);
    segments.settled(runs.slice(1, 2), false);
    await whenFiles(spool, 1);
    expect((await textsIn(spool)).map((text) => text[0])).toEqual(['c', 'd']);
    segments.settled(runs.slice(2), false);
    await segments.close();
    await expect(stat(spool)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(log.lines).toEqual([]);
  });

  it('stay at the end where something in them has not settled', async () => {
    const { segments, spool } = open();
    const [settled, open_] = [run('settled'), run('open')];
    await segments.append([settled, open_]);
    segments.settled([settled], false);
    await segments.close();
    expect(await textsIn(spool)).toEqual(['settled', 'open']);
  });

  it('stay where something of them was lost here, and say so once', async () => {
    const { segments, spool, log } = open();
    const runs = [run('a'), run('b')];
    await segments.append(runs);
    for (const one of runs) segments.settled([one], true);
    await segments.close();
    expect(await textsIn(spool)).toEqual(['a', 'b']);
    expect(log.lines).toEqual(['warn: journal: messages that were dropped stay on disk for the next start']);
  });

  it('leave nothing behind while nothing comes: what has settled goes within a second', async () => {
    const { segments, spool } = open();
    const one = run('a');
    await segments.append([one]);
    segments.settled([one], false);
    await whenFiles(spool, 0);
    await segments.append([run('b')]);
    expect(await textsIn(spool)).toEqual(['b']);
    await segments.close();
  });

  it('do not keep many bytes for a few late runs: those move to another segment', async () => {
    const { segments, spool } = open({ rotateBytes: 1000 });
    const late = run('late');
    await segments.append([late]);
    for (let n = 0; n < 20; n += 1) {
      const one = large('x');
      await segments.append([one]);
      segments.settled([one], false);
      // A run that settles late in each segment keeps it.
      await segments.append([run(`late-${n}`)]);
    }
    await segments.close();
    const texts = await textsIn(spool);
    for (const text of ['late', ...Array.from({ length: 20 }, (_, n) => `late-${n}`)]) expect(texts).toContain(text);
    expect((await filesOf(spool)).length).toBeLessThan(15);
  });

  itMounts('wait while the disk is full, with whole frames on it, and go on when there is room', () =>
    onSmallDisk(65_536, async (disk) => {
      const { segments, log, spool } = open({ folder: join(disk, 'accepted') });
      const first = Array.from({ length: 20 }, () => large('a'));
      await segments.append(first);
      const second = Array.from({ length: 60 }, () => large('b'));
      let written = false;
      const writing = segments.append(second).then(() => (written = true));
      await log.when('journal: cannot write; messages of journaled buckets wait');
      expect(written).toBe(false);
      expect((await textsIn(spool)).map((text) => text[0])).toEqual(first.map(() => 'a'));
      execFileSync('mount', ['-o', 'remount,size=262144', disk]);
      await writing;
      expect((await textsIn(spool)).map((text) => text[0]).join('')).toBe('a'.repeat(20) + 'b'.repeat(60));
      expect(log.lines).toContain('info: journal: written again');
      segments.settled([...first, ...second], false);
      await segments.close();
      expect(await readdir(disk)).toEqual([]);
    }),
  );

  itMounts('make room by themselves where what lies there settles', () =>
    onSmallDisk(65_536, async (disk) => {
      const { segments, log, spool } = open({ folder: join(disk, 'accepted') });
      const [first, second] = ['a', 'b'].map((letter) => Array.from({ length: 40 }, () => large(letter)));
      await segments.append(first ?? []);
      const writing = segments.append(second ?? []);
      await log.when('journal: cannot write; messages of journaled buckets wait');
      segments.settled(first ?? [], false);
      await writing;
      expect((await textsIn(spool)).map((text) => text[0]).join('')).toBe('b'.repeat(40));
      await segments.close();
    }),
  );

  itMounts('let messages go on without them at a stop, where the disk is full', () =>
    onSmallDisk(16_384, async (disk) => {
      const stop$ = new ReplaySubject<void>(1);
      const { segments, log } = open({ folder: join(disk, 'accepted'), stop$ });
      const runs = Array.from({ length: 60 }, () => large('a'));
      const writing = segments.append(runs);
      await log.when('journal: cannot write; messages of journaled buckets wait');
      stop$.next();
      await writing;
      segments.settled(runs, false);
      await segments.close();
      expect(await readdir(disk)).toEqual([]);
    }),
  );
});
