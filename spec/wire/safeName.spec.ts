import fc from 'fast-check';
import { NAME_BYTES, safeName } from '../../src/wire/safeName';

describe('safeName', () => {
  it('encodes nothing that needs no encoding', () => {
    expect(safeName('Az09._-')).toBe('Az09._-');
  });

  it('encodes what could lead elsewhere', () => {
    expect(['../x', '.', '..', 'a b', 'ä', '~', '%'].map((text) => safeName(text))).toEqual([
      '..%2Fx',
      '%2E',
      '%2E%2E',
      'a%20b',
      '%C3%A4',
      '%7E',
      '%25',
    ]);
  });

  it('law: names are safe, of bounded length, and different where texts are', () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }), {
      minLength: 2,
    });
    fc.assert(
      fc.property(texts, (all) => {
        const names = all.map((text) => safeName(text, 100));
        expect(new Set(names).size).toBe(all.length);
        for (const name of names) expect(name).toMatch(/^(?!\.+$)[A-Za-z0-9._~%-]{1,100}$/);
      }),
    );
    expect(safeName('x'.repeat(1000))).toHaveLength(NAME_BYTES);
  });
});
