import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { append, cutBack } from '../../../src/sinks/file/append';
import { inFolder } from '../../support/fileSinks';

/** A file that takes at most `most` bytes a call and `room` in all, as a disk that fills. */
const narrow = (most: number, room: number) => {
  let held = Buffer.alloc(0);
  return {
    held: () => held,
    writev: (buffers: readonly Buffer[]) => {
      const all = Buffer.concat(buffers);
      const taken = all.subarray(0, Math.min(most, room - held.length));
      if (taken.length === 0) return Promise.reject(new Error('ENOSPC: no space left on device'));
      held = Buffer.concat([held, taken]);
      return Promise.resolve({ bytesWritten: taken.length });
    },
  };
};

describe('append', () => {
  it('writes nothing when there is nothing', async () => {
    expect(await append(narrow(1, 0), [])).toEqual({ bytes: 0 });
  });

  it('goes on after short writes until all is written', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 20 })),
        fc.integer({ min: 1, max: 30 }),
        async (parts, most) => {
          const buffers = parts.filter(({ length }) => length > 0).map((part) => Buffer.from(part));
          const file = narrow(most, Infinity);
          const whole = Buffer.concat(buffers);
          expect(await append(file, buffers)).toEqual({ bytes: whole.length });
          expect(file.held()).toEqual(whole);
        },
      ),
    );
  });

  it('says how much is there when the rest fails', async () => {
    const file = narrow(3, 5);
    const { bytes, error } = await append(file, [Buffer.from('abcd'), Buffer.from('efgh')]);
    expect({ bytes, held: file.held().toString() }).toEqual({ bytes: 5, held: 'abcde' });
    expect(error).toBeInstanceOf(Error);
  });

  it('does not try for ever when nothing is taken', async () => {
    const deaf = {
      writev: () => Promise.resolve({ bytesWritten: 0 }),
    };
    const { error } = await append(deaf, [Buffer.from('a')]);
    expect(error).toBeInstanceOf(Error);
  });
});

describe('cutBack', () => {
  it('cuts off what is behind, and only where the size is as it should be', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'f');
      const file = await open(path, 'a+');
      await file.writeFile('abcdef');
      expect(await cutBack(file, 6, 6)).toBe(true);
      expect(await cutBack(file, 5, 3)).toBe(false);
      expect(await readFile(path, 'utf8')).toBe('abcdef');
      expect(await cutBack(file, 6, 3)).toBe(true);
      expect(await readFile(path, 'utf8')).toBe('abc');
      await file.close();
      expect(await cutBack(file, 3, 1)).toBe(false);
    }));
});
