import * as t from 'io-ts';
import type { Problem } from '../model';
import { Codec, schemaOf } from '../sinks/codecs';
import { nearest } from '../sinks/nearest';
import { childPath } from '../sinks/problems';

export type JsonObject = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with any keys. */
export const AnyObject: Codec<JsonObject> = new Codec<JsonObject>(
  'an object',
  isObject,
  (input, context) => (isObject(input) ? t.success(input) : t.failure(input, context)),
  t.identity,
  { type: 'object' },
);

const keyFor = (keys: readonly string[], written: string): string | undefined =>
  keys.find((key) => key.toLowerCase() === written.toLowerCase());

/** The entries of an object; of what is none, nothing. */
export const entriesOf = (raw: unknown): readonly (readonly [string, unknown])[] =>
  isObject(raw) ? Object.entries(raw) : [];

/** The value of `key` in whatever case it is written; of two spellings the later. */
export const valueOf = (raw: unknown, key: string): unknown =>
  entriesOf(raw).findLast(([written]) => keyFor([key], written) !== undefined)?.[1];

/** The codec of an object whose keys are known. */
export interface Section<P extends t.Props> extends Codec<t.TypeOfProps<P>> {
  readonly keys: readonly string[];
}

/**
 * An object with the keys of `props`, which a user may write in any case, as Go's JSON takes them. Other keys are left out:
 * {@link keyWarnings} speaks of them. Its schema knows the keys as they are written here, and no others.
 */
export const section = <P extends t.Props>(props: P): Section<P> => {
  const codec = t.type(props, 'an object');
  const keys = Object.keys(props);
  const folded = (raw: JsonObject): JsonObject => Object.fromEntries(keys.map((key) => [key, valueOf(raw, key)]));
  const type = new Codec<t.TypeOfProps<P>>(
    codec.name,
    (value): value is t.TypeOfProps<P> => codec.is(value),
    (input, context) => (isObject(input) ? codec.validate(folded(input), context) : t.failure(input, context)),
    (value) => codec.encode(value),
    { ...schemaOf(codec), additionalProperties: false },
  );
  return Object.assign(type, { keys });
};

/** Warnings for keys that mean nothing, and for two spellings of one key. */
export const keyWarnings = (keys: readonly string[], raw: unknown, path: string): readonly Problem[] => {
  const entries = entriesOf(raw).map(([written]) => ({ written, key: keyFor(keys, written) }));
  return entries.flatMap(({ written, key }, index): readonly Problem[] => {
    const place = childPath(path, written);
    if (key === undefined) {
      const meant = nearest(written, keys);
      const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
      return [{ path: place, expected: `one of ${keys.join(', ')}${hint}`, got: 'a key without effect' }];
    }
    const again = entries.findLast((other) => other.key === key);
    return again === entries[index]
      ? []
      : [{ path: place, expected: `${key} once`, got: `${again?.written ?? key} below, which counts` }];
  });
};
