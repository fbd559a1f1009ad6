import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as t from 'io-ts';
import type { Decode, Problem } from '../model';
import { scalar, schemaOf, type Codec } from './codecs/codec';
import { inAnyCase, isNumber, isString, padded } from './codecs/numbers';
import { childPath, kindOf } from './problems';

export { about, Codec, maybe, orElse, scalar, schemaOf, withDefault } from './codecs/codec';
export { durationIn, integerIn, MB, numberIn, sizeIn, sizeText } from './codecs/numbers';

const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

/** A pattern for one of `words`, in any case and with blanks around. */
export const anyOfWords = (words: Iterable<string>): string => padded([...words].map(inAnyCase).join('|'));

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', '1'].map((word) => [word, true] as const),
  ...['false', 'f', '0'].map((word) => [word, false] as const),
]);

/** true or false, also as text in any case (`"True"`, `"t"`, `"1"`). */
export const BooleanFrom: Codec<boolean> = scalar(
  'true or false',
  isBoolean,
  (input) =>
    isBoolean(input) || isNumber(input) || isString(input)
      ? BOOLEANS.get(String(input).trim().toLowerCase())
      : undefined,
  { anyOf: [{ type: 'boolean' }, { enum: [0, 1] }, { type: 'string', pattern: anyOfWords(BOOLEANS.keys()) }] },
);

export const NonEmptyString: Codec<string> = scalar(
  'a non-empty string',
  isString,
  (input) => (isString(input) && input !== '' ? input : undefined),
  { type: 'string', minLength: 1 },
);

/** One of `words`, in any case. */
export const oneOf = <W extends string>(words: readonly W[]): Codec<W> =>
  scalar(
    `one of ${words.join(', ')}`,
    (value): value is W => words.some((word) => word === value),
    (input) => (isString(input) ? words.find((word) => word.toLowerCase() === input.trim().toLowerCase()) : undefined),
    { anyOf: [{ enum: words }, { type: 'string', pattern: anyOfWords(words) }] },
  );

const toProblem =
  (path: string) =>
  ({ context }: t.ValidationError): Problem => {
    const union = context.findIndex(({ type }) => type instanceof t.UnionType);
    const entries = union < 0 ? context : context.slice(0, union + 1);
    const place = entries.reduce((at, { key }, index) => {
      const parent = entries[index - 1];
      return parent === undefined || parent.type instanceof t.IntersectionType
        ? at
        : childPath(at, Array.isArray(parent.actual) ? Number(key) : key);
    }, path);
    const last = entries.at(-1);
    return { path: place, expected: last?.type.name ?? 'something else', got: kindOf(last?.actual, place) };
  };

const alike = (one: Problem) => (other: Problem) => one.path === other.path && one.expected === other.expected;

/**
 * A `decode` for {@link defineSink} made of an io-ts codec: every error with its path, the name of the codec as what was
 * expected, and what was found (of a secret only its kind).
 */
export const decodeWith = <A>(codec: t.Type<A, unknown>): Decode<A> =>
  Object.assign(
    (settings: unknown, path: string) =>
      pipe(
        codec.decode(settings),
        E.mapLeft((errors) =>
          errors.map(toProblem(path)).filter((problem, index, all) => all.findIndex(alike(problem)) === index),
        ),
      ),
    { schema: schemaOf(codec) },
  );
