import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as t from 'io-ts';
import type { Problem } from '../model';
import { childPath, kindOf } from './problems';

export const MB = 1024 * 1024;

/**
 * A codec between two ways of writing: `read` gives undefined for what it does not take, and `name` says to people what it
 * does take.
 */
export const scalar = <A>(name: string, is: t.Is<A>, read: (input: unknown) => A | undefined): t.Type<A, A> =>
  new t.Type<A, A, unknown>(
    name,
    is,
    (input, context) => {
      const value = read(input);
      return value === undefined ? t.failure(input, context) : t.success(value);
    },
    t.identity,
  );

const isNumber = (value: unknown): value is number => typeof value === 'number';
const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';

/** A JSON number, or one written as text: `1000`, `"1000"`, `"0.5"`. Never NaN or infinite. */
const readNumber = (input: unknown): number | undefined => {
  const text = isNumber(input) ? String(input) : isString(input) ? input.trim() : '';
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) && Number.isFinite(Number(text)) ? Number(text) : undefined;
};

const within = (min: number, max: number) => (value: number | undefined) =>
  value !== undefined && value >= min && value <= max ? value : undefined;

const rangeText = (min: number, max: number, unit = ''): string =>
  max === Number.MAX_SAFE_INTEGER ? `${min}${unit} or more` : `from ${min}${unit} to ${max}${unit}`;

/** A number from `min` to `max`, or one as text. */
export const numberIn = (min: number, max: number): t.Type<number, number> =>
  scalar(`a number ${rangeText(min, max)}`, isNumber, (input) => within(min, max)(readNumber(input)));

/** A whole number from `min` to `max`, or one as text. */
export const integerIn = (min: number, max = Number.MAX_SAFE_INTEGER): t.Type<number, number> =>
  scalar(`a whole number ${rangeText(min, max)}`, isNumber, (input) => {
    const value = within(min, max)(readNumber(input));
    return value !== undefined && Number.isInteger(value) ? value : undefined;
  });

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['true', 't', '1'].map((word) => [word, true] as const),
  ...['false', 'f', '0'].map((word) => [word, false] as const),
]);

/** true or false, also as text in any case (`"True"`, `"t"`, `"1"`). */
export const BooleanFrom: t.Type<boolean, boolean> = scalar('true or false', isBoolean, (input) =>
  isBoolean(input) || isNumber(input) || isString(input) ? BOOLEANS.get(String(input).trim().toLowerCase()) : undefined,
);

export const NonEmptyString: t.Type<string, string> = scalar('a non-empty string', isString, (input) =>
  isString(input) && input !== '' ? input : undefined,
);

/** One of `words`, in any case. */
export const oneOf = <W extends string>(words: readonly W[]): t.Type<W, W> =>
  scalar(
    `one of ${words.join(', ')}`,
    (value): value is W => words.some((word) => word === value),
    (input) => (isString(input) ? words.find((word) => word.toLowerCase() === input.trim().toLowerCase()) : undefined),
  );

const BYTES_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['B', 1],
  ['K', 1024],
  ['M', MB],
  ['G', 1024 * MB],
]);

/** Bytes, binary: `1048576`, `"1048576"`, `"1MB"`, `"1.5 GB"`; K, KB and KiB are the same. */
export const sizeIn = (min: number, max = Number.MAX_SAFE_INTEGER): t.Type<number, number> =>
  scalar(`a size such as 10MB or 1048576, ${sizeRange(min, max)}`, isNumber, (input) => {
    const [, digits, unit = ''] = /^([\d.]+)\s*(B|[KMG](?=i?B?$))?(?:i?B)?$/i.exec(String(input).trim()) ?? [];
    const value = readNumber(digits);
    const bytes = value === undefined ? undefined : Math.floor(value * (BYTES_PER_UNIT.get(unit.toUpperCase()) ?? 1));
    return isNumber(input) || isString(input) ? within(min, max)(bytes) : undefined;
  });

/** Bytes as people write them: `10MB`, `1000`. */
export const sizeText = (bytes: number): string => {
  const units = [...BYTES_PER_UNIT].reverse();
  const [unit, factor] = units.find(([, size]) => bytes >= size && bytes % size === 0) ?? ['', 1];
  return factor === 1 ? `${bytes}` : `${bytes / factor}${unit}B`;
};

const sizeRange = (min: number, max: number): string =>
  max === Number.MAX_SAFE_INTEGER ? `${sizeText(min)} or more` : `from ${sizeText(min)} to ${sizeText(max)}`;

const MS_PER_UNIT: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** Milliseconds: `30000`, `"30000"`, `"30s"`, `"1.5m"`. */
export const durationIn = (min: number, max: number): t.Type<number, number> =>
  scalar(`a time such as 30s or 30000 (ms), ${rangeText(min, max, ' ms')}`, isNumber, (input) => {
    const [, digits, unit = ''] = /^([\d.]+)\s*(ms|s|m|h)?$/i.exec(String(input).trim()) ?? [];
    const value = readNumber(digits);
    const ms = value === undefined ? undefined : Math.round(value * (MS_PER_UNIT.get(unit.toLowerCase()) ?? 1));
    return isNumber(input) || isString(input) ? within(min, max)(ms) : undefined;
  });

/** `codec`, where a missing (or null) value stands for `fallback`. */
export const withDefault = <A>(codec: t.Type<A, A>, fallback: A): t.Type<A, A> =>
  new t.Type<A, A, unknown>(
    codec.name,
    (value): value is A => codec.is(value),
    (input, context) => (input === undefined || input === null ? t.success(fallback) : codec.validate(input, context)),
    (value) => codec.encode(value),
  );

/** `codec`, where a value may be missing (or null). */
export const maybe = <A>(codec: t.Type<A, A>): t.Type<A | undefined, A | undefined> =>
  withDefault<A | undefined>(
    new t.Type<A | undefined, A | undefined, unknown>(
      codec.name,
      (value): value is A | undefined => value === undefined || codec.is(value),
      (input, context) => codec.validate(input, context),
      t.identity,
    ),
    undefined,
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
export const decodeWith =
  <A>(codec: t.Decoder<unknown, A>) =>
  (settings: unknown, path: string): E.Either<readonly Problem[], A> =>
    pipe(
      codec.decode(settings),
      E.mapLeft((errors) =>
        errors.map(toProblem(path)).filter((problem, index, all) => all.findIndex(alike(problem)) === index),
      ),
    );
