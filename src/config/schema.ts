import * as E from 'fp-ts/Either';
import type { JsonSchema, SinkKind } from '../model';
import { orElse, schemaOf } from '../sinks/codecs';
import { ModulePath } from './operatorCodecs';
import { Root } from './bucketsCodecs';

type Kinds = Readonly<Record<string, SinkKind>>;
type Properties = NonNullable<JsonSchema['properties']>;

/** A string that names a variable, which nobody knows here. */
const VARIABLE: JsonSchema = { $ref: '#/definitions/variable' };

const ANY_OBJECT: JsonSchema = { type: 'object' };

const mapped = (schemas: Properties, change: (schema: JsonSchema) => JsonSchema): Properties =>
  Object.fromEntries(Object.entries(schemas).map(([key, schema]) => [key, change(schema)]));

/** `schema` with all that it holds changed. */
const within = (schema: JsonSchema, change: (schema: JsonSchema) => JsonSchema): JsonSchema => {
  const { properties, additionalProperties, items, anyOf, allOf } = schema;
  return {
    ...schema,
    ...(properties && { properties: mapped(properties, change) }),
    ...(typeof additionalProperties === 'object' && { additionalProperties: change(additionalProperties) }),
    ...(items && { items: change(items) }),
    ...(anyOf && { anyOf: anyOf.map(change) }),
    ...(allOf && { allOf: allOf.map(change) }),
  };
};

const holdsOthers = ({ type }: JsonSchema): boolean => type === 'object' || type === 'array';

const alternatives = (schema: JsonSchema): readonly JsonSchema[] => schema.anyOf ?? [schema];

const takesAnyText = ({ type, pattern }: JsonSchema): boolean => type === 'string' && pattern === undefined;

/** Lets a variable stand in every place of a single value. */
const withVariables = (schema: JsonSchema): JsonSchema => {
  const all = alternatives(schema);
  const takesSome = schema.anyOf !== undefined || schema.type !== undefined || schema['enum'] !== undefined;
  if (!takesSome || schema.type === 'null' || all.some(takesAnyText)) return schema;
  return all.some(holdsOthers) ? within(schema, withVariables) : orElse(schema, VARIABLE);
};

/** Of a bucket, its operators may name variables. */
const withOperatorVariables = (schema: JsonSchema): JsonSchema => {
  const inside = within(schema, withOperatorVariables);
  const operators = inside.properties?.['operators'];
  return operators ? { ...inside, properties: { ...inside.properties, operators: withVariables(operators) } } : inside;
};

const definitionOf = (kind: string): string => `${kind}Settings`;

/** What `settings` of a kind may be, where `type` says it is of that kind. */
const ofKind = ([name, kind]: readonly [string, SinkKind]): JsonSchema => {
  const settings = { $ref: `#/definitions/${definitionOf(name)}` };
  const isNeeded = E.isLeft(kind({}, ''));
  return {
    if: { properties: { type: { const: name } }, required: ['type'] },
    then: isNeeded
      ? { properties: { settings }, required: ['settings'] }
      : { properties: { settings: orElse(settings, { type: 'null' }) } },
  };
};

const MODULE = schemaOf(ModulePath);

/** Whatever has a `type` and `settings` is a sink. */
const withKinds =
  (kinds: Kinds) =>
  (schema: JsonSchema): JsonSchema => {
    const { type, settings } = schema.properties ?? {};
    const inside = within(schema, withKinds(kinds));
    if (!type || !settings) return inside;
    const { description = '' } = type;
    return {
      ...inside,
      properties: {
        ...inside.properties,
        type: orElse(orElse({ description, enum: Object.keys(kinds) }, MODULE), VARIABLE),
      },
      allOf: Object.entries(kinds).map(ofKind),
    };
  };

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const withoutLinks = (text: string): string => text.replace(/\[([^\]]+)\]\([^)]+\)/g, '$1');

/** Sentences as an editor shows them: it shows no default by itself. */
const forReaders = (schema: JsonSchema): JsonSchema => {
  const { title, description, default: fallback } = schema;
  const sentences = [
    ...(description === undefined ? [] : [`${capital(withoutLinks(description))}.`]),
    ...(fallback === undefined || typeof fallback === 'object'
      ? []
      : [`Default: ${typeof fallback === 'string' ? fallback : JSON.stringify(fallback)}.`]),
  ];
  return {
    ...within(schema, forReaders),
    ...(title !== undefined && { title: capital(title) }),
    ...(sentences.length > 0 && { description: sentences.join(' ') }),
  };
};

const streamsSchema = (streams: JsonSchema, kinds: Kinds): JsonSchema =>
  withKinds(kinds)(withVariables({ ...streams, minProperties: 1 }));

/**
 * What `buckets.json` may say, for editors. Streams are those of `kinds`. It knows keys in the spelling of the reference, and
 * not what holds between two places: that a bucket's stream is there, say.
 */
export const bucketsSchema = (kinds: Kinds): JsonSchema => {
  const { properties: { streamsConfigs = {}, ...properties } = {}, ...root } = schemaOf(Root);
  return forReaders({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Configuration of kahets: buckets.json',
    // Visual Studio Code asks for them.
    allowComments: true,
    allowTrailingCommas: true,
    ...root,
    properties: {
      $schema: { type: 'string', description: 'where this schema is' },
      streamsConfigs: streamsSchema(streamsConfigs, kinds),
      ...mapped(properties, withOperatorVariables),
    },
    definitions: {
      variable: {
        type: 'string',
        pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*\\}',
        title: 'a variable of the process, or of the env file: ${NAME}',
      },
      ...Object.fromEntries(
        Object.entries(kinds).map(([name, { schema = ANY_OBJECT }]) => [
          definitionOf(name),
          forReaders(withVariables(schema)),
        ]),
      ),
    },
  });
};
