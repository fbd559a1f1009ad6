import * as E from 'fp-ts/Either';
import { parseJsonc } from '../../src/config/jsonc';

const valueOf = (text: string): unknown => {
  const parsed = parseJsonc(text);
  return E.isRight(parsed) ? parsed.right.value : parsed.left;
};

describe('parseJsonc', () => {
  it.each([
    ['{}', {}],
    ['[1, "a", true, null, {"b": [-2.5e3]}]', [1, 'a', true, null, { b: [-2500] }]],
    ['{"a": 1, /* one */ "b": 2, // two\n}', { a: 1, b: 2 }],
    ['[1, 2,]', [1, 2]],
    ['{"url": "http://host/*no comment*/"}', { url: 'http://host/*no comment*/' }],
    ['\uFEFF{"a": 1}', { a: 1 }],
    ['{"a": 1, "a": 2}', { a: 2 }],
  ])('%j → %j', (text, value) => expect(valueOf(text)).toEqual(value));

  it('keeps keys of the object prototype as own keys and nothing more', () => {
    const value = valueOf('{"__proto__": {"polluted": 1}, "constructor": 2}') as object;
    expect(Object.entries(value)).toEqual([
      ['__proto__', { polluted: 1 }],
      ['constructor', 2],
    ]);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect({}).not.toHaveProperty('polluted');
  });

  it('names the keys that stand twice', () => {
    const parsed = parseJsonc('{"a": {"b": 1, "b": 2, "b": 3}, "c": [{"d": 1, "d": 2}]}');
    expect(E.isRight(parsed) && parsed.right.repeated).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['c', 0, 'd'],
    ]);
  });

  it.each([
    ['', 'line 1, column 1', 'a value', 'the end of the file'],
    ['{"a": 1 "b": 2}', 'line 1, column 9', 'a comma', 'a string'],
    ['{\n  "a": 1,\n  "b" 2\n}', 'line 3, column 7', 'a colon after the key', 'a number'],
    ['{"a": 1', 'line 1, column 8', 'a closing }', 'the end of the file'],
    ['[1', 'line 1, column 3', 'a closing ]', 'the end of the file'],
    ['{a: 1}', 'line 1, column 2', 'a value: a string in double quotes', 'something else'],
    ['{"password": hunter2}', 'line 1, column 14', 'a value: a string in double quotes', 'something else'],
    ['{"a": }', 'line 1, column 7', 'a value', '}'],
    ['{} {}', 'line 1, column 4', 'nothing after the end', '{'],
    ['{"a": "b}', 'line 1, column 7', 'the closing double quote', 'a string'],
    ['{} /* open', 'line 1, column 4', 'the end of the comment', 'something else'],
    ['{"a": "\\x"}', 'line 1, column 7', 'one of "\\/bfnrtu', 'a string'],
    ["{'a': 1}", 'line 1, column 2', 'a value: a string in double quotes', 'something else'],
  ])('refuses %j at %s', (text, path, expected, got) => {
    const parsed = parseJsonc(text);
    expect(parsed).toMatchObject(E.left({ path, expected: expect.stringContaining(expected) as string, got }));
  });
});
