import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { numberedFrame } from '../support/numbered';
import { find, together } from './oracle';

describe('the oracle', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kahets-oracle-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const frames = (...numbers: readonly number[]): Buffer =>
    Buffer.concat(numbers.map((n) => numberedFrame('b', n, { keys: 1, connection: 'c' })));
  const write = async (name: string, bytes: Buffer, writtenS = 1): Promise<void> => {
    const file = path.join(folder, name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, bytes);
    await utimes(file, writtenS, writtenS);
  };
  const found = (next: number, options: object = {}) => find({ next, folders: [folder], ...options });
  const GOOD = { lost: 0, duplicates: 0, outOfOrder: 0, invented: 0, inKafka: 0 };

  it('finds all of it, over files in the order in which they were written', async () => {
    await write('b/2', frames(0, 1), 1);
    await write('b/1', frames(2, 3), 2);
    expect(await found(4)).toEqual({ ...GOOD, sent: 4, inFiles: 4 });
  });

  it('counts what is missing, and each further copy', async () => {
    await write('b/1', frames(0, 2, 2, 2));
    expect(await found(4)).toEqual({ ...GOOD, sent: 4, lost: 2, duplicates: 2, inFiles: 2 });
  });

  it('lets what is older be gone', async () => {
    await write('b/1', frames(1, 3));
    expect(await found(4, { mayBeGoneBelow: 3 })).toMatchObject({ lost: 0 });
    expect(await found(5, { mayBeGoneBelow: 3 })).toMatchObject({ lost: 1 });
  });

  it('finds what nobody sent: a number too high or too low, another payload', async () => {
    const broken = frames(6);
    broken.writeUInt8(1, broken.length - 1);
    await write('b/1', Buffer.concat([frames(4, 5, 9), broken]));
    expect(await found(8, { first: 5 })).toMatchObject({ sent: 3, invented: 3, lost: 2 });
  });

  it('finds what is out of order for its key, and no copy of what came before', async () => {
    await write('b/1', frames(0, 2, 1, 3, 2));
    expect(await found(4)).toMatchObject({ outOfOrder: 1, duplicates: 1 });
  });

  it('takes files for frames but what a daemon keeps beside them', async () => {
    await write('b/1.dead', frames(0));
    for (const name of ['b/1.progress', 'b/1.bad', 'b/1.bad-2', 'owner']) await write(name, Buffer.from('no frame'));
    expect(await found(1)).toEqual({ ...GOOD, sent: 1, inFiles: 1 });
  });

  it('finds nothing where there is no folder', async () => {
    expect(await find({ next: 2, folders: [path.join(folder, 'none')] })).toEqual({
      ...GOOD,
      sent: 2,
      lost: 2,
      inFiles: 0,
    });
  });

  it('adds up', () => {
    const one = { sent: 5, lost: 1, duplicates: 2, outOfOrder: 3, invented: 4 };
    expect(together([one, one])).toMatchObject({
      sent: 10,
      lost: 2,
      duplicates: 4,
      outOfOrder: 6,
      invented: 8,
      allowedLost: 0,
    });
  });
});
