import * as E from 'fp-ts/Either';
import * as fc from 'fast-check';
import * as t from 'io-ts';
import * as codecs from '../../src/sinks/codecs';

const { BooleanFrom, decodeWith, durationIn, integerIn, maybe, MB, numberIn, oneOf, sizeIn, sizeText, withDefault } =
  codecs;

const read = <A>(codec: t.Type<A, unknown>, input: unknown): A | 'refused' => {
  const decoded = codec.decode(input);
  return E.isRight(decoded) ? decoded.right : 'refused';
};

/** What no scalar takes. */
const NONE = [undefined, null, NaN, Infinity, {}, [], [1], ['true'], () => 1, ''] as const;

describe('scalars', () => {
  it.each([
    [numberIn(0, 1), 0, 0],
    [numberIn(0, 1), '1.0', 1],
    [numberIn(0, 1), ' .5 ', 0.5],
    [numberIn(-10, 1e6), '-1e0', -1],
    [numberIn(0, 1), 1.01, 'refused'],
    [numberIn(0, 1), '1,0', 'refused'],
    [numberIn(0, 1), '0x1', 'refused'],
    [numberIn(0, 1), true, 'refused'],
    [integerIn(1), '9007199254740991', Number.MAX_SAFE_INTEGER],
    [integerIn(1), '9007199254740993', 'refused'],
    [integerIn(0, 9), 1.5, 'refused'],
    [integerIn(0, 9), '1e0', 1],
    [sizeIn(0), 10, 10],
    [sizeIn(0), '10', 10],
    [sizeIn(0), '10b', 10],
    [sizeIn(0), '2k', 2048],
    [sizeIn(0), '2kB', 2048],
    [sizeIn(0), '2 KiB', 2048],
    [sizeIn(0), '10MB', 10 * MB],
    [sizeIn(0), '1.5M', 1.5 * MB],
    [sizeIn(0), '2GB', 2048 * MB],
    [sizeIn(0), '1.5', 1],
    [sizeIn(0), '10XB', 'refused'],
    [sizeIn(0), 'MB', 'refused'],
    [sizeIn(0), '-1MB', 'refused'],
    [sizeIn(0, 10), '11', 'refused'],
    [sizeIn(0, 10), 10.5, 'refused'],
    [sizeIn(1), '0.5K', 512],
    [sizeIn(0), true, 'refused'],
    [durationIn(0, 1e6), 5, 5],
    [durationIn(0, 1e6), '5', 5],
    [durationIn(0, 1e6), '5ms', 5],
    [durationIn(0, 1e6), '5 S', 5000],
    [durationIn(0, 1e6), '0.5m', 30_000],
    [durationIn(0, 1e7), '1h', 3_600_000],
    [durationIn(0, 1e6), '5 days', 'refused'],
    [durationIn(1, 1e6), '0s', 'refused'],
    [durationIn(1, 1e6), 0.5, 'refused'],
    [durationIn(1, 1e6), 1.5, 2],
    [durationIn(0, 1e6), true, 'refused'],
    [BooleanFrom, true, true],
    [BooleanFrom, 'FALSE', false],
    [BooleanFrom, 't', true],
    [BooleanFrom, '0', false],
    [BooleanFrom, 1, true],
    [BooleanFrom, 'yes', 'refused'],
    [oneOf(['All', 'none']), 'ALL', 'All'],
    [oneOf(['All', 'none']), 'some', 'refused'],
  ] as readonly (readonly [t.Type<unknown, unknown>, unknown, unknown])[])(
    '$name reads %p as %p',
    (codec, input, output) => expect(read(codec, input)).toBe(output),
  );

  it.each(
    [numberIn(0, 1), integerIn(1), sizeIn(0), durationIn(0, 9), BooleanFrom, oneOf(['a']), codecs.NonEmptyString].map(
      (codec) => [codec.name, codec as t.Type<unknown, unknown>] as const,
    ),
  )('%s refuses what is no scalar', (_, codec) => {
    for (const input of NONE) expect(read(codec, input)).toBe('refused');
  });

  it('reads a size as it writes it', () =>
    fc.assert(fc.property(fc.maxSafeNat(), (bytes) => read(sizeIn(0), sizeText(bytes)) === bytes)));
});

describe('what is encoded', () => {
  it.each([
    [sizeIn(0), 0, '0'],
    [sizeIn(0), 1000, '1000'],
    [sizeIn(0), 100 * MB, '100MB'],
    [durationIn(0, 1e9), 0, '0'],
    [durationIn(0, 1e9), 1500, '1500ms'],
    [durationIn(0, 1e9), 90_000, '90s'],
    [durationIn(0, 1e9), 7_200_000, '2h'],
    [maybe(sizeIn(0)), undefined, undefined],
    [withDefault(sizeIn(0), 7), 2048, '2KB'],
  ] as readonly (readonly [t.Type<unknown, unknown>, unknown, unknown])[])(
    'is what people write: %p %p as %p',
    (codec, value, text) => expect(codec.encode(value)).toBe(text),
  );

  it('is read as the same', () =>
    fc.assert(
      fc.property(fc.nat(), (value) => {
        for (const codec of [sizeIn(0), durationIn(0, 2 ** 31), integerIn(0), numberIn(0, 2 ** 31)])
          expect(read(codec, codec.encode(value))).toBe(value);
      }),
    ));
});

describe('what is missing', () => {
  it.each([undefined, null])('%p stands for the default', (input) => {
    expect(read(withDefault(integerIn(0, 9), 7), input)).toBe(7);
    expect(read(maybe(integerIn(0, 9)), input)).toBeUndefined();
  });

  it('is not what is wrong', () => {
    expect(read(withDefault(integerIn(0, 9), 7), 10)).toBe('refused');
    expect(read(maybe(integerIn(0, 9)), '')).toBe('refused');
  });
});

describe('decodeWith', () => {
  const nothing = codecs.scalar(
    'nothing',
    (value): value is string => value === undefined,
    () => undefined,
    {},
  );

  it('gives the value', () => expect(decodeWith(integerIn(0, 9))('5', 'a')).toEqual(E.right(5)));

  it('names the place, through objects, lists and intersections', () => {
    const codec = t.intersection([
      t.type({ list: t.array(t.type({ 'a.b': t.number, 'c d': t.string })) }),
      t.type({ name: t.string }),
    ]);
    expect(
      decodeWith(codec)(
        {
          list: [
            { 'a.b': 1, 'c d': '' },
            { 'a.b': 'x', 'c d': 5 },
          ],
        },
        'settings',
      ),
    ).toEqual(
      E.left([
        { path: 'settings.list[1].a.b', expected: 'number', got: '"x"' },
        { path: 'settings.list[1]["c d"]', expected: 'string', got: '5' },
        { path: 'settings.name', expected: 'string', got: 'nothing' },
      ]),
    );
  });

  it('says one thing of a union', () =>
    expect(decodeWith(t.type({ acks: t.union([t.literal('all'), t.literal(1)]) }))({ acks: 2 }, '')).toEqual(
      E.left([{ path: 'acks', expected: '("all" | 1)', got: '2' }]),
    ));

  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [[1], 'a list'],
    [{ a: 1 }, 'an object'],
    [5, '5'],
    [false, 'false'],
    ['a\n"b"', '"a\\n\\"b\\""'],
    ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
    ['http://user:hunter2@host/', '"http://…@host/"'],
    ['a://b,c://user:hun/t@er 2@host/', '"a://…@host/"'],
  ])('shows %j as %s', (found, got) =>
    expect(decodeWith(t.type({ a: nothing }))({ a: found }, '')).toMatchObject(E.left([{ got }])),
  );

  it.each([
    'password',
    'ssl.key.password',
    'sasl.username',
    'sasl.oauthbearer.config',
    'clientSecret',
    'apiToken',
    'tokens',
    'ssl_key',
    'ssl.ca.pem',
  ])('shows of %s only the kind of value', (name) =>
    expect(decodeWith(t.type({ [name]: integerIn(0, 9) }))({ [name]: 'hunter2' }, 'settings')).toMatchObject(
      E.left([{ path: `settings.${name}`, got: 'a string (not shown)' }]),
    ),
  );

  it.each(['emptyKey', 'ssl.key.location', 'sasl.mechanisms', 'sasl.oauthbearer.token.endpoint.url', 'monkey.slice'])(
    'shows what stands in %s, which is no secret',
    (name) =>
      expect(decodeWith(t.type({ [name]: integerIn(0, 9) }))({ [name]: 'x' }, 'settings')).toMatchObject(
        E.left([{ got: '"x"' }]),
      ),
  );

  it('says that a secret is empty', () =>
    expect(decodeWith(t.type({ password: codecs.NonEmptyString }))({ password: '' }, '')).toMatchObject(
      E.left([{ path: 'password', got: '""' }]),
    ));
});
