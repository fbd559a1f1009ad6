import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';

/** Which messages somebody wants to see, and how much of them. */
export interface Question {
  /** Empty: all. */
  readonly buckets: ReadonlySet<string>;
  /** Messages a second. */
  readonly rate: number;
  /** Messages in all. */
  readonly limit: number;
  /** Of a message. */
  readonly bytes: number;
}

interface Range {
  readonly most: number;
  readonly byDefault: number;
}

const integerIn = (query: URLSearchParams, name: string, { most, byDefault }: Range): E.Either<string, number> => {
  const text = query.get(name);
  if (text === null) return E.right(byDefault);
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= most ? E.right(value) : E.left(`${name}: expected a whole number from 1 to ${most}.`);
};

/** Reads `bucket` (may come again), `rate`, `limit` and `bytes`. Left: what is wrong, for people. */
export const questionIn = (query: URLSearchParams): E.Either<string, Question> =>
  pipe(
    sequenceS(E.Apply)({
      rate: integerIn(query, 'rate', { most: 1_000, byDefault: 10 }),
      limit: integerIn(query, 'limit', { most: 999_999_999, byDefault: Infinity }),
      bytes: integerIn(query, 'bytes', { most: 65_536, byDefault: 1_024 }),
    }),
    E.map((numbers) => ({ ...numbers, buckets: new Set(query.getAll('bucket')) })),
  );
