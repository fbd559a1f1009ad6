import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openPlainFile, type PlainFile } from '../../src/spool/plainFile';
import { setAside } from '../../src/spool/setAside';
import { inFolder } from '../support/fileSinks';
import { errorOf, framesOf } from './readers';

const GOOD = framesOf('b', 'one');
const TAIL = Buffer.alloc(5000, 1);

/** A file with a tail that is no frame, of which `failing` calls fail as they do on a broken disk, or for who does not own it. */
const withFile = (
  failing: readonly (string | symbol)[],
  use: (file: PlainFile, folder: string) => Promise<void>,
): Promise<void> =>
  inFolder(async (folder) => {
    const path = join(folder, 'a');
    await writeFile(path, Buffer.concat([GOOD, TAIL]));
    const file = await openPlainFile(path, 'change');
    const handle = new Proxy(file.handle, {
      get: (target, key): unknown => {
        if (failing.includes(key)) return () => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
        const value: unknown = Reflect.get(target, key);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
    try {
      await use({ ...file, handle }, folder);
    } finally {
      await file.handle.close();
    }
  });

const FAULT = { at: GOOD.length, detail: 'no frame' };

describe('setAside', () => {
  it.each([[[]], [['utimes']], [['datasync']], [['utimes', 'datasync']]])(
    'has all of it in NAME.bad once it is cut off, though %p fails',
    (failing) =>
      withFile(failing, async (file, folder) => {
        const path = join(folder, 'a.bad');
        expect(await setAside(file, FAULT)).toEqual({ ...FAULT, path, bytes: TAIL.length });
        expect((await readdir(folder)).sort()).toEqual(['a', 'a.bad']);
        expect(await readFile(path)).toEqual(TAIL);
        expect(await readFile(file.path)).toEqual(GOOD);
      }),
  );

  it('leaves the file as it is, and nothing beside it, where it cannot be cut', () =>
    withFile(['truncate'], async (file, folder) => {
      expect(await errorOf(setAside(file, FAULT))).toMatchObject({ code: 'EPERM' });
      expect(await readdir(folder)).toEqual(['a']);
      expect(await readFile(file.path)).toEqual(Buffer.concat([GOOD, TAIL]));
    }));

  it('takes the next free name, and says when there is none', () =>
    withFile([], async (file, folder) => {
      await writeFile(join(folder, 'a.bad'), 'earlier');
      expect((await setAside(file, FAULT)).path).toBe(join(folder, 'a.bad-1'));
      for (let n = 2; n < 100; n += 1) await writeFile(join(folder, `a.bad-${n}`), 'earlier');
      expect((await errorOf(setAside(file, FAULT))).message).toMatch(`${file.path}: 100 files were moved aside before`);
    }));
});
