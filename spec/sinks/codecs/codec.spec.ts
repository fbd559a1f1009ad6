import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import { about, maybe, orElse, scalar, schemaOf, withDefault } from '../../../src/sinks/codecs/codec';
import { integerIn, NonEmptyString, oneOf, sizeIn } from '../../../src/sinks/codecs';

describe('schemaOf', () => {
  it('is that of a codec', () => {
    const codec = scalar('a word', t.string.is, (input) => (t.string.is(input) ? input : undefined), {
      type: 'string',
    });
    expect(schemaOf(codec)).toEqual({ title: 'a word', type: 'string' });
  });

  it.each<readonly [t.Mixed, unknown]>([
    [t.string, { type: 'string' }],
    [t.number, { type: 'number' }],
    [t.boolean, { type: 'boolean' }],
    [t.literal('a'), { enum: ['a'] }],
    [t.keyof({ a: null, b: null }), { enum: ['a', 'b'] }],
    [t.UnknownRecord, { type: 'object' }],
    [t.array(t.number, 'numbers'), { title: 'numbers', type: 'array', items: { type: 'number' } }],
    [
      t.record(t.string, t.number),
      { type: 'object', propertyNames: { type: 'string' }, additionalProperties: { type: 'number' } },
    ],
    [t.union([t.string, t.number]), { anyOf: [{ type: 'string' }, { type: 'number' }] }],
    [
      t.intersection([t.type({ a: t.string }), t.partial({ b: t.number })]),
      {
        allOf: [
          { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
          { type: 'object', properties: { b: { type: 'number' } } },
        ],
      },
    ],
    [t.type({}), { type: 'object', properties: {} }],
    // What nobody knows a schema of may be anything.
    [t.unknown, {}],
    [t.Function, {}],
    [t.refinement(t.number, (n) => n > 1), {}],
  ])('is made of types of io-ts: %#', (type, schema) => expect(schemaOf(type)).toEqual(schema));

  it('asks for the keys whose types take no undefined', () =>
    expect(
      schemaOf(
        t.type({ a: NonEmptyString, b: maybe(NonEmptyString), c: withDefault(integerIn(1), 2), d: t.undefined }),
      ),
    ).toMatchObject({ required: ['a'] }));
});

describe('orElse', () => {
  it('keeps what people are told around both', () =>
    expect(orElse({ title: 'a', description: 'b', type: 'string', minLength: 1 }, { type: 'null' })).toEqual({
      title: 'a',
      description: 'b',
      anyOf: [{ type: 'string', minLength: 1 }, { type: 'null' }],
    }));

  it('makes one choice of several', () =>
    expect(orElse({ default: 1, anyOf: [{ type: 'string' }, { type: 'number' }] }, { type: 'null' })).toEqual({
      default: 1,
      anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'null' }],
    }));

  it('lets a choice be that has to hold beside something else', () =>
    expect(orElse({ type: 'object', anyOf: [{ required: ['a'] }] }, { type: 'null' })).toEqual({
      anyOf: [{ type: 'object', anyOf: [{ required: ['a'] }] }, { type: 'null' }],
    }));
});

describe('about', () => {
  const told = about(withDefault(sizeIn(1), 2048), 'what it does', ['1MB']);

  it('tells people, and the default as they write it', () =>
    expect(told.schema).toMatchObject({ description: 'what it does', default: '2KB', examples: ['1MB'] }));

  it('is its codec in all else', () => {
    expect(told.name).toBe(sizeIn(1).name);
    expect(told.decode('1KB')).toEqual(E.right(1024));
    expect(told.decode(undefined)).toEqual(E.right(2048));
    expect(E.isLeft(told.decode('x'))).toBe(true);
    expect(told.encode(1024)).toBe('1KB');
    expect([told.is(1), told.is('1')]).toEqual([true, false]);
    const word = about(maybe(oneOf(['a'])), 'a word');
    expect([word.is(undefined), word.is('a'), word.is('b')]).toEqual([true, true, false]);
  });
});
