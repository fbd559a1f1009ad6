import { lineOf, wrapped } from '../../../src/cli/screen/line';

const paint = (text: string): string => `<${text}>`;

describe('lineOf', () => {
  it('puts parts beside each other, and paints them', () => {
    expect(lineOf(['a ', { text: 'b', paint }, ' c'], 80)).toBe('a <b> c');
  });

  it('ends at the edge', () => {
    expect(lineOf(['one ', { text: 'two three', paint }, ' four'], 9)).toBe('one <two …>');
    expect(lineOf(['one', { text: 'two', paint }], 3)).toBe('one');
  });

  it('moves no cursor', () => {
    expect(lineOf(['a\r\u001b[A'], 80)).toBe('a\\x0d\\x1b[A');
  });
});

describe('wrapped', () => {
  it('breaks between words', () => {
    expect(wrapped('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  });

  it('begins each line with the indent, and paints the rest', () => {
    expect(wrapped('one two three', 9, { indent: '  ', paint })).toEqual(['  <one two>', '  <three>']);
  });

  it('cuts a word that is longer than a line', () => {
    expect(wrapped('a-long-word b', 6)).toEqual(['a-lon…', 'b']);
  });

  it('is one line where the width has no end', () => {
    expect(wrapped('one two', Infinity)).toEqual(['one two']);
  });
});
