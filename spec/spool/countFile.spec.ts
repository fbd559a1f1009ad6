import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { countFile, surveyFile } from '../../src/spool/countFile';
import { inFolder } from '../support/fileSinks';
import { errorOf, framesOf, openQuietly } from './readers';

const withFile = (bytes: Uint8Array, use: (path: string, folder: string) => Promise<void>): Promise<void> =>
  inFolder(async (folder) => {
    const path = join(folder, 'file');
    await writeFile(path, bytes);
    await use(path, folder);
  });

describe('countFile', () => {
  it('counts nothing in an empty file', () =>
    withFile(Buffer.alloc(0), async (path) => {
      expect(await countFile(path)).toEqual(new Map());
    }));

  it('counts the messages of each bucket, over many windows', () => {
    const many = Array.from({ length: 30_000 }, (_, n) => `message ${n}`);
    return withFile(
      Buffer.concat([framesOf('a', 'one'), framesOf('b', ...many), framesOf('a', 'two')]),
      async (path) => {
        expect(await countFile(path)).toEqual(
          new Map([
            ['a', 2],
            ['b', 30_000],
          ]),
        );
      },
    );
  });

  it('counts only what is not sent on yet, and changes nothing', () =>
    withFile(framesOf('b', '1', '2', '3'), async (path, folder) => {
      const reader = await openQuietly(path, { maxBytes: 8 });
      await reader.next();
      expect(await countFile(path)).toEqual(new Map([['b', 3]]));
      await reader.next();
      expect(await countFile(path)).toEqual(new Map([['b', 2]]));
      expect((await readdir(folder)).toSorted()).toEqual(['file', 'file.progress']);
      await reader.close();
      await writeFile(`${path}.progress`, 'not readable');
      expect(await countFile(path)).toEqual(new Map([['b', 3]]));
    }));

  it('counts up to what is no frame, which a survey tells', () =>
    withFile(Buffer.concat([framesOf('b', '1'), Buffer.alloc(100), framesOf('b', '2')]), async (path, folder) => {
      expect(await countFile(path)).toEqual(new Map([['b', 1]]));
      expect(await surveyFile(path, () => undefined)).toEqual({
        ...{ bytes: 116, done: 0 },
        fault: { at: 8, detail: expect.stringMatching(/^body of 0 bytes/) as unknown },
      });
      expect(await readdir(folder)).toEqual(['file']);
    }));

  it('names a file that is not there', async () => {
    expect((await errorOf(countFile('/nowhere/file'))).message).toMatch(/ENOENT.*\/nowhere\/file/);
  });
});
