import * as fc from 'fast-check';
import { cut, fit, signsOf, widthOf } from '../../../src/cli/screen/width';

describe('widthOf', () => {
  it.each([
    ['', 0],
    ['orders', 6],
    ['größe', 5],
    ['e\u0301', 1],
    ['東京', 4],
    ['👩‍👩‍👧', 2],
  ])('%j takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });
});

describe('signsOf', () => {
  it('takes an emoji of several characters for one', () => {
    expect(signsOf('a👩‍👩‍👧e\u0301')).toEqual(['a', '👩‍👩‍👧', 'e\u0301']);
  });
});

describe('cut', () => {
  it.each([
    ['orders', 6, 'orders'],
    ['orders', 5, 'orde…'],
    ['orders', 1, '…'],
    ['orders', 0, ''],
    ['東京都', 5, '東京…'],
    ['東京都', 4, '東…'],
    ['orders', Infinity, 'orders'],
  ])('%j in %d columns', (text, width, shown) => {
    expect(cut(text, width)).toBe(shown);
  });
});

describe('fit', () => {
  it('fills with blanks on the side that is asked for', () => {
    expect([fit('東', 4), fit('東', 4, 'right'), fit('東京', 3)]).toEqual(['東  ', '  東', '東…']);
  });

  it('is always as wide as it should be', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'ß', '東', '👩‍👩‍👧', 'e\u0301', ' ') });
    fc.assert(fc.property(text, fc.nat(20), (given, width) => widthOf(fit(given, width)) === width));
  });
});
