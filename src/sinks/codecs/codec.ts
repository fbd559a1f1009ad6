import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import type { JsonSchema } from '../../model';

/** An io-ts type that also says, as JSON Schema, what it takes. `encode` writes a value as people do: 1048576 as `1MB`. */
export class Codec<A> extends t.Type<A, unknown> {
  constructor(
    name: string,
    is: t.Is<A>,
    validate: t.Validate<unknown, A>,
    encode: t.Encode<A, unknown>,
    readonly schema: JsonSchema,
  ) {
    super(name, is, validate, encode);
  }
}

const ANNOTATIONS: readonly string[] = ['title', 'description', 'default', 'examples'];

const split = (schema: JsonSchema, isFirst: (keyword: string) => boolean): readonly [JsonSchema, JsonSchema] => {
  const entries = Object.entries(schema);
  return [
    Object.fromEntries(entries.filter(([keyword]) => isFirst(keyword))),
    Object.fromEntries(entries.filter(([keyword]) => !isFirst(keyword))),
  ];
};

/** What `schema` takes, or `other`; people are told of `schema`. */
export const orElse = (schema: JsonSchema, other: JsonSchema): JsonSchema => {
  const [annotations, { anyOf, ...rest }] = split(schema, (keyword) => ANNOTATIONS.includes(keyword));
  const isChoice = anyOf !== undefined && Object.keys(rest).length === 0;
  return { ...annotations, anyOf: [...(isChoice ? anyOf : [{ ...rest, ...(anyOf && { anyOf }) }]), other] };
};

const NULL: JsonSchema = { type: 'null' };

/** Types of io-ts that a schema is made of. */
type Known =
  | t.AnyDictionaryType
  | t.ArrayType<t.Mixed>
  | t.BooleanType
  | t.DictionaryType<t.Mixed, t.Mixed>
  | t.InterfaceType<t.Props>
  | t.IntersectionType<t.Mixed[]>
  | t.KeyofType<Record<string, unknown>>
  | t.LiteralType<string | number | boolean>
  | t.NumberType
  | t.PartialType<t.Props>
  | t.StringType
  | t.UnionType<t.Mixed[]>;

const isKnown = (type: t.Mixed): type is Known => '_tag' in type;

const propertiesOf = (props: t.Props): Readonly<Record<string, JsonSchema>> =>
  Object.fromEntries(Object.entries(props).map(([key, type]) => [key, schemaOf(type)]));

/** Keys whose types take no `undefined`. */
const neededOf = (props: t.Props): readonly string[] =>
  Object.entries(props).flatMap(([key, type]) => (E.isLeft(type.decode(undefined)) ? [key] : []));

const required = (keys: readonly string[]): JsonSchema => (keys.length > 0 ? { required: keys } : {});

const knownSchema = (type: Known): JsonSchema => {
  switch (type._tag) {
    case 'StringType':
      return { type: 'string' };
    case 'NumberType':
      return { type: 'number' };
    case 'BooleanType':
      return { type: 'boolean' };
    case 'LiteralType':
      return { enum: [type.value] };
    case 'KeyofType':
      return { enum: Object.keys(type.keys) };
    case 'AnyDictionaryType':
      return { type: 'object' };
    case 'DictionaryType':
      return { type: 'object', propertyNames: schemaOf(type.domain), additionalProperties: schemaOf(type.codomain) };
    case 'ArrayType':
      return { title: type.name, type: 'array', items: schemaOf(type.type) };
    case 'InterfaceType':
      return { type: 'object', properties: propertiesOf(type.props), ...required(neededOf(type.props)) };
    case 'PartialType':
      return { type: 'object', properties: propertiesOf(type.props) };
    case 'UnionType':
      return { anyOf: type.types.map(schemaOf) };
    case 'IntersectionType':
      return { allOf: type.types.map(schemaOf) };
    default:
      return {};
  }
};

/** What a type takes, as JSON Schema: that of a {@link Codec}, or made of io-ts's own types. Of any other: all there is. */
export const schemaOf = (type: t.Mixed): JsonSchema => {
  if (type instanceof Codec) return type.schema;
  return isKnown(type) ? knownSchema(type) : {};
};

/**
 * A codec of one value. `read` gives undefined for what it does not take, `name` says to people what it does take, and `schema`
 * to machines. `write` gives the shortest that `read` reads as the same. Default: the value itself.
 */
export const scalar = <A>(
  name: string,
  is: t.Is<A>,
  read: (input: unknown) => A | undefined,
  schema: JsonSchema,
  write: t.Encode<A, unknown> = t.identity,
): Codec<A> =>
  new Codec<A>(
    name,
    is,
    (input, context) => {
      const value = read(input);
      return value === undefined ? t.failure(input, context) : t.success(value);
    },
    write,
    { title: name, ...schema },
  );

/** `codec`, with what its value does: a sentence that editors, the reference and the help show. */
export const about = <A>(codec: t.Type<A, unknown>, description: string, examples?: readonly unknown[]): Codec<A> =>
  new Codec<A>(
    codec.name,
    (value): value is A => codec.is(value),
    (input, context) => codec.validate(input, context),
    (value) => codec.encode(value),
    { ...schemaOf(codec), description, ...(examples && { examples }) },
  );

/** `codec`, where a missing (or null) value stands for `fallback`. */
export const withDefault = <A>(codec: t.Type<A, unknown>, fallback: A): Codec<A> =>
  new Codec<A>(
    codec.name,
    (value): value is A => codec.is(value),
    (input, context) => (input === undefined || input === null ? t.success(fallback) : codec.validate(input, context)),
    (value) => codec.encode(value),
    { ...orElse(schemaOf(codec), NULL), default: codec.encode(fallback) },
  );

/** `codec`, where a value may be missing (or null). */
export const maybe = <A>(codec: t.Type<A, unknown>): Codec<A | undefined> =>
  new Codec<A | undefined>(
    codec.name,
    (value): value is A | undefined => value === undefined || codec.is(value),
    (input, context) => (input === undefined || input === null ? t.success(undefined) : codec.validate(input, context)),
    (value) => (value === undefined ? undefined : codec.encode(value)),
    orElse(schemaOf(codec), NULL),
  );
