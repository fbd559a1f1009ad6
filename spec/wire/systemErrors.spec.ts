import { constants } from 'node:os';
import { readFile } from 'node:fs/promises';
import { runInNewContext } from 'node:vm';
import { codeOf, failedWith, FULL, GONE, messageOf, unless } from '../../src/wire/systemErrors';

const failing = (fields: object): Error => Object.assign(new Error('open failed'), fields);

describe('the error of a system call', () => {
  it('has its code and message', () => {
    const error = failing({ code: 'ENOSPC', errno: -constants.errno.ENOSPC });
    expect(codeOf(error)).toBe('ENOSPC');
    expect(messageOf(error)).toBe('open failed');
  });

  it.each(['EDQUOT', 'ESTALE'] as const)('%s: has the code that Node does not name', (code) => {
    const errno = -constants.errno[code];
    expect(codeOf(failing({ code: `Unknown system error ${errno}`, errno }))).toBe(code);
  });

  it('says that a disk is full where it is, and where a quota is', () => {
    const errno = -constants.errno.EDQUOT;
    expect(failedWith(FULL, failing({ code: `Unknown system error ${errno}`, errno }))).toBe(true);
    expect(failedWith(FULL, failing({ code: 'ENOSPC' }))).toBe(true);
    expect(failedWith(FULL, failing({ code: 'EIO' }))).toBe(false);
  });

  it('is known where it is of another realm', () => {
    const error: unknown = runInNewContext(`Object.assign(new Error('no room'), { code: 'ENOSPC' })`);
    expect([codeOf(error), messageOf(error)]).toEqual(['ENOSPC', 'no room']);
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['text', 'text'],
    [7, '7'],
    [{ code: 7, message: 7 }, '[object Object]'],
  ])('%j: has no code, and is told as it is', (thrown, told) => {
    expect([codeOf(thrown), messageOf(thrown)]).toEqual([undefined, told]);
  });
});

describe('unless', () => {
  it('is what the call returns', async () => expect(await unless(GONE, Promise.resolve(7))).toBe(7));

  it('is undefined where it fails with one of the codes', async () =>
    expect(await unless(GONE, readFile('/nowhere/at/all'))).toBeUndefined());

  it('rejects where it fails with another, with the very error', async () => {
    const error = failing({ code: 'EIO' });
    await expect(unless(GONE, Promise.reject(error))).rejects.toBe(error);
  });
});
