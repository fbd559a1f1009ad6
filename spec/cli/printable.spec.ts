import * as fc from 'fast-check';
import { printable, printableJson } from '../../src/cli/printable';

const ACTS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe('printable', () => {
  it.each([
    ['', ''],
    ['orders', 'orders'],
    ['größe 東京', 'größe 東京'],
    ['\u001b[2J', '\\x1b[2J'],
    ['a\r\nb\tc\u007f', 'a\\x0d\\x0ab\\x09c\\x7f'],
    ['\u009b31m', '\\x9b31m'],
    ['\u202eabc\u2028', '\\u{202e}abc\\u{2028}'],
    ['\ud800', '\\u{d800}'],
  ])('%j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('leaves nothing that a terminal acts on', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !ACTS.test(printable(text))));
  });
});

describe('printableJson', () => {
  it('says the same, with nothing that a terminal acts on', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (value) => {
        const text = printableJson(value);
        expect(text).not.toMatch(ACTS);
        expect(JSON.parse(text)).toEqual({ ...value });
      }),
    );
  });
});
