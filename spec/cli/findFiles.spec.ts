import { rmSync } from 'node:fs';
import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import { findFiles, type Found } from '../../src/cli/findFiles';
import { inFolder } from '../support/fileSinks';
import { framesOf } from '../spool/readers';

const FRAMES = framesOf('b', 'one');

/** Writes a file that was changed last at `seconds`. */
const put = async (path: string, seconds: number, bytes: Uint8Array | string = FRAMES): Promise<string> => {
  await writeFile(path, bytes);
  await utimes(path, seconds, seconds);
  return path;
};

const find = async (...paths: readonly string[]): Promise<Found> => {
  const found = await findFiles(paths);
  if (E.isLeft(found)) throw new Error(found.left);
  return found.right;
};

const pathsOf = (files: Found['files']): readonly string[] => files.map(({ path }) => path);

describe('findFiles', () => {
  it('finds nothing in an empty folder', () =>
    inFolder(async (folder) => {
      expect(await find(folder)).toEqual({ files: [], skipped: [], foreign: [] });
    }));

  it('finds all files of frames below folders, the oldest first, each once', () =>
    inFolder(async (folder) => {
      const below = join(folder, 'b', 'c');
      await mkdir(below, { recursive: true });
      const [second, first] = [await put(join(folder, 'a'), 200), await put(join(below, 'z'), 100)];
      const [ten, nine] = [await put(join(folder, 'n-10'), 300), await put(join(folder, 'n-9'), 300)];
      expect(pathsOf((await find(folder, below, second)).files)).toEqual([first, second, nine, ten]);
    }));

  it('takes the files of a name in the order of their numbers where they were changed at the same time', () =>
    inFolder(async (folder) => {
      const names = ['1600000000.log', '1600000000-9.log', '1600000000-10.log', '1600000001.log'];
      for (const name of [...names].reverse()) await put(join(folder, name), 100);
      expect(pathsOf((await find(folder)).files)).toEqual(names.map((name) => join(folder, name)));
    }));

  it('follows the link to a folder that is named', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'disk'));
      await put(join(folder, 'disk', 'a'), 100);
      await symlink('disk', join(folder, 'backup'));
      expect(pathsOf((await find(join(folder, 'backup'), join(folder, 'disk'))).files)).toEqual([
        join(folder, 'disk', 'a'),
      ]);
    }));

  it('leaves out what a daemon sends and deletes meanwhile', () =>
    inFolder(async (folder) => {
      const paths = Array.from({ length: 300 }, (_, n) => join(folder, `f${n}`));
      await Promise.all(paths.map((path) => put(path, 100)));
      const finding = find(folder);
      // It lists the folder before this does.
      await readdir(folder);
      await readdir(folder);
      paths.forEach((path) => rmSync(path));
      expect((await finding).files.length).toBeLessThan(300);
    }));

  it('leaves in folders what is open, aside, a progress or a link, and takes it where it is named', () =>
    inFolder(async (folder) => {
      const names = ['a.part', 'a.bad', 'a.bad-1', 'a.dead', 'a-1.dead', 'a.progress', 'a.dead.part'];
      for (const name of names) await put(join(folder, name), 100);
      await put(join(folder, 'a.parts'), 100);
      await symlink(join(folder, 'a.part'), join(folder, 'link'));
      expect(pathsOf((await find(folder)).files)).toEqual([join(folder, 'a.parts')]);
      expect(pathsOf((await find(join(folder, 'a.dead'))).files)).toEqual([join(folder, 'a.dead')]);
      expect(pathsOf((await find(join(folder, 'a.dead'), folder)).files)).toHaveLength(2);
    }));

  it('tells files that start with no frame: skipped in a folder, foreign where they are named', () =>
    inFolder(async (folder) => {
      const readme = await put(join(folder, 'README'), 100, 'read me first');
      const empty = await put(join(folder, 'empty'), 100, '');
      const inside = await find(folder);
      expect([pathsOf(inside.files), pathsOf(inside.skipped), inside.foreign]).toEqual([[empty], [readme], []]);
      const named = await find(readme);
      expect(named).toMatchObject({
        files: [],
        skipped: [],
        foreign: [{ path: readme, foreign: expect.stringMatching(/^length/) as unknown }],
      });
    }));

  it('says which path is not there or no plain file', () =>
    inFolder(async (folder) => {
      const link = join(folder, 'link');
      await symlink(await put(join(folder, 'a'), 100), link);
      expect(await findFiles([folder, join(folder, 'none')])).toEqual(
        E.left(expect.stringMatching(/^expected files and folders that can be read, got ENOENT.*\/none'$/)),
      );
      expect(await findFiles([link])).toEqual(E.left(expect.stringContaining(link)));
    }));
});
