/** Under which licences packages come. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/endToEnd';

interface Locked {
  readonly dev?: boolean;
  readonly license?: string;
}

const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const LOCKED = Object.entries(packages).filter(([name]) => name !== '');

/** Whose code may be installed with ours, or be in our files: those that ask for no more than their text. */
const PERMISSIVE = new Set(['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'ISC', 'MIT']);
/** Beside these, for tools. */
const OF_TOOLS = new Set(['CC-BY-4.0', 'CC0-1.0', 'Python-2.0']);

const allowed = ({ dev, license = 'none' }: Locked): boolean => {
  const isAllowed = (one: string): boolean => PERMISSIVE.has(one) || (dev === true && OF_TOOLS.has(one));
  const bare = license.replace(/[()]/g, '');
  return bare.includes(' OR ') ? bare.split(' OR ').some(isAllowed) : bare.split(' AND ').every(isAllowed);
};

describe('licences', () => {
  it('are those of all packages of the lockfile', () => expect(LOCKED.length).toBeGreaterThan(100));

  it.each([
    [{ license: 'MIT' }, true],
    [{ license: '(GPL-3.0 OR MIT)' }, true],
    [{ license: 'Apache-2.0 AND MIT' }, true],
    [{ license: 'MIT AND GPL-3.0' }, false],
    [{ license: 'Python-2.0' }, false],
    [{ license: 'Python-2.0', dev: true }, true],
    [{}, false],
  ])('are told apart: %j', (locked: Locked, expected) => expect(allowed(locked)).toBe(expected));

  it('ask for no more than their text', () =>
    expect(LOCKED.filter(([, locked]) => !allowed(locked)).map(([name, { license }]) => `${name}: ${license}`)).toEqual(
      [],
    ));
});
