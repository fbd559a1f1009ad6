import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { listAccepted, openAccepted, type AcceptedFile } from '../../src/spool/acceptedFiles';
import { segmentName } from '../../src/spool/journalSegment';
import { thisProcess } from '../../src/spool/processes';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { memoryLog, messagesOf } from '../../src/testing/builders';

/** Of a process that has ended: no system has a process of that number. */
const DEAD = { pid: 4_194_305, started: 'boot:1' };

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'kahets-accepted-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

const write = async (name: string, bytes: Buffer | string, modifiedS = 1000): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, bytes);
  await utimes(path, modifiedS, modifiedS);
  return path;
};

const listed = async (): Promise<readonly string[]> => (await listAccepted(folder)).map((path) => basename(path));

const read = async (file: AcceptedFile): Promise<readonly string[]> => {
  const texts: string[] = [];
  for (let runs = await file.next(); runs; runs = await file.next()) texts.push(...messagesOf({ frames: runs }));
  return texts;
};

describe('listAccepted', () => {
  it('finds nothing where there is no folder, or nothing in it', async () => {
    expect(await listAccepted(join(folder, 'missing'))).toEqual([]);
    expect(await listed()).toEqual([]);
  });

  it('finds files of frames, the oldest first, and nothing else', async () => {
    await write('2.frames', '', 2000);
    await write('3.frames', '', 1000);
    await write('1.frames', '', 2000);
    for (const other of ['1.frames.bad', '1.frames.progress', 'owner', '1.txt']) await write(other, '');
    expect(await listed()).toEqual(['3.frames', '1.frames', '2.frames']);
  });

  it('leaves alone what a living process writes to', async () => {
    const dead = segmentName(DEAD, 7);
    await write(segmentName(await thisProcess(), 7), '');
    await write(dead, '');
    expect(await listed()).toEqual([dead]);
  });

  it('gives what a crash did not finish its name, or the next that is free', async () => {
    await write('5.frames.part', 'unfinished');
    await write('6.frames', 'finished');
    await write('6.frames.part', 'unfinished');
    expect([...(await listed())].sort()).toEqual(['5.frames', '6-1.frames', '6.frames']);
    expect(await readFile(join(folder, '6-1.frames'), 'utf8')).toBe('unfinished');
    expect(await readdir(folder)).toHaveLength(3);
  });
});

describe('an accepted file', () => {
  const frames = (count: number): Buffer =>
    Buffer.concat(Array.from({ length: count }, (_, n) => encodeFrame(n % 2 === 0 ? 'a' : 'b', `m${n}`)));

  it('is read to its end, marked as recovered, and removed', async () => {
    const file = await openAccepted(memoryLog())(await write('1.frames', frames(4)));
    const runs = (await file.next()) ?? [];
    expect(runs.map(({ bucket, count, arrivedMs }) => [bucket, count, arrivedMs])).toEqual([
      ['a', 2, 1_000_000],
      ['b', 2, 1_000_000],
    ]);
    expect(runs.every(({ origin }) => origin.recovered)).toBe(true);
    expect(await file.next()).toBeUndefined();
    await file.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it('is empty where nothing is in it', async () => {
    const file = await openAccepted(memoryLog())(await write('1.frames', ''));
    expect(await file.next()).toBeUndefined();
    await file.close();
  });

  it('is read a part at a time, however long it is', async () => {
    const texts = Array.from({ length: 40 }, (_, n) => `${n}`.padEnd(50_000, '.'));
    const bytes = Buffer.concat(texts.map((text) => encodeRecord('b', text, { timestampMs: 5 })));
    const file = await openAccepted(memoryLog())(await write('1.frames', bytes));
    const found: string[] = [];
    let parts = 0;
    for (let runs = await file.next(); runs; runs = await file.next()) {
      expect(runs.reduce((sum, run) => sum + run.bytes.length, 0)).toBeLessThan(300_000);
      found.push(...messagesOf({ frames: runs }));
      parts += 1;
    }
    expect(found).toEqual(texts);
    expect(parts).toBeGreaterThan(5);
    await file.close();
  });

  it('may be removed by others before', async () => {
    const path = await write('1.frames', frames(1));
    const file = await openAccepted(memoryLog())(path);
    await rm(path);
    await file.remove();
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves out a torn frame at its end: it was being written when its process was killed', async () => {
    const log = memoryLog();
    const path = await write('1.frames', frames(3));
    await appendFile(path, encodeFrame('b', 'torn').subarray(0, -1));
    const file = await openAccepted(log)(path);
    expect([...(await read(file))].sort()).toEqual(['m0', 'm1', 'm2']);
    await file.remove();
    expect(await readdir(folder)).toEqual([]);
    expect(log.lines.map(({ level }) => level)).toEqual(['info']);
  });

  it('moves aside what is no frame, with all behind it, and says so', async () => {
    const log = memoryLog();
    const path = await write('1.frames', frames(3));
    const behind = Buffer.concat([Buffer.alloc(100), encodeFrame('b', 'behind')]);
    await appendFile(path, behind);
    const file = await openAccepted(log)(path);
    expect([...(await read(file))].sort()).toEqual(['m0', 'm1', 'm2']);
    await file.remove();
    expect(await readdir(folder)).toEqual(['1.frames.bad']);
    expect(await readFile(`${path}.bad`)).toEqual(behind);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { path, aside: `${path}.bad`, bytes: behind.length } }]);
  });

  it('is never a link, a folder, or something that is not there: the error names it', async () => {
    await mkdir(join(folder, 'folder.frames'));
    await symlink(await write('real.frames', frames(1)), join(folder, 'link.frames'));
    for (const name of ['folder.frames', 'link.frames', 'missing.frames'])
      await expect(openAccepted(memoryLog())(join(folder, name))).rejects.toThrow(name);
  });
});
