import * as fc from 'fast-check';
import { interpolate } from '../../src/config/interpolate';

const VARIABLES = { USER: 'kahets', PASSWORD: 'hunter2', EMPTY: '', BLANK: ' \n', NESTED: '${PASSWORD}', _1: 'one' };

const filled = (value: unknown): unknown => {
  const { value: found, problems } = interpolate(value, 'a', VARIABLES);
  expect(problems).toEqual([]);
  return found;
};

const problemsOf = (value: unknown): readonly string[] =>
  interpolate(value, 'a', VARIABLES).problems.map(({ path, expected, got }) => `${path}: ${expected}, got ${got}`);

describe('interpolate', () => {
  it.each([
    ['', ''],
    ['no variable: $ {} $USER {USER}', 'no variable: $ {} $USER {USER}'],
    ['${USER}', 'kahets'],
    ['${_1}', 'one'],
    ['https://${USER}:${PASSWORD}@host/${USER}', 'https://kahets:hunter2@host/kahets'],
    ['$${USER}', '${USER}'],
    ['$$${USER}', '$${USER}'],
    ['$${', '${'],
    ['$${USER}${USER}', '${USER}kahets'],
    ['$$', '$$'],
    ['a\n${USER}\nb', 'a\nkahets\nb'],
    ['${NESTED}', '${PASSWORD}'],
  ])('%j is %j', (text, expected) => expect(filled(text)).toBe(expected));

  it('fills objects and lists, and leaves keys and what is no text alone', () =>
    expect(filled({ '${USER}': ['${USER}', 1, null, true], deep: { __proto__: '${_1}' } })).toEqual({
      '${USER}': ['kahets', 1, null, true],
      deep: { __proto__: 'one' },
    }));

  it('says which places name which variables', () =>
    expect(interpolate({ b: ['x', '${USER}${_1}'], 'c d': '${USER}', e: '$${USER}' }, 'a', VARIABLES).places).toEqual([
      { path: 'a.b[1]', names: ['USER', '_1'] },
      { path: 'a["c d"]', names: ['USER'] },
    ]));

  it.each([
    ['${NONE}', 'a: the variable NONE to be set, in the environment or in the env file, got none'],
    ['${constructor}', 'a: the variable constructor to be set, in the environment or in the env file, got none'],
    ['${EMPTY}', 'a: the variable EMPTY to be set, in the environment or in the env file, got an empty one'],
    ['${BLANK}', 'a: the variable BLANK to be set, in the environment or in the env file, got an empty one'],
    ['se${cret', 'a: a } that ends ${ (write $${ for a ${ that is no variable), got none'],
    [
      '${}',
      'a: the name of a variable in ${…}: letters, digits and _ (write $${ for a ${ that is no variable), got another text',
    ],
    [
      '${se-cret}',
      'a: the name of a variable in ${…}: letters, digits and _ (write $${ for a ${ that is no variable), got another text',
    ],
  ])('refuses %j and leaves it as it is', (text, line) => {
    expect(problemsOf(text)).toEqual([line]);
    expect(interpolate(text, 'a', VARIABLES).value).toBe(text);
  });

  it('tells of every problem, each with its place', () =>
    expect(problemsOf({ b: '${ONE} ${TWO}', c: ['${'] }).map((line) => line.slice(0, 20))).toEqual([
      'a.b: the variable ON',
      'a.b: the variable TW',
      'a.c[0]: a } that end',
    ]));

  it('changes no text without ${, and gives back any text that is escaped', () =>
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('$', '{', '}', 'A', ' ') }), (text) => {
        const escaped = text.replaceAll('${', () => '$${');
        expect(filled(escaped)).toBe(text);
        if (!text.includes('${')) expect(filled(text)).toBe(text);
      }),
    ));
});
