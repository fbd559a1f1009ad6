import type { JsonSchema } from '../../../model';
import { REFUSED } from './refused';
import { SECTIONS } from './table';
import { WITHOUT_EFFECT } from './withoutEffect';

type Properties = Readonly<Record<string, JsonSchema>>;

const settings = SECTIONS.flatMap((section) => Object.entries(section.settings));

type Entries = readonly (readonly [name: string, schema: JsonSchema])[];

const effective: Properties = Object.fromEntries(
  settings.flatMap(([name, { also = [], codec }]): Entries => {
    const schema: JsonSchema = codec.schema;
    const alike = { ...schema, description: `the same as ${name}: ${schema.description ?? ''}` };
    return [[name, schema], ...also.map((other) => [other, alike] as const)];
  }),
);

/** `deprecationMessage` is no keyword of the standard: editors strike such a name out and show the message. */
const withoutEffect: Properties = Object.fromEntries(
  WITHOUT_EFFECT.flatMap(({ names, why }) =>
    names.map((name) => [name, { deprecationMessage: `No effect here, since ${why}.`, doNotSuggest: true }]),
  ),
);

const refused: Properties = Object.fromEntries(
  REFUSED.flatMap(({ names, why }) =>
    names.map((name) => [name, { not: {}, description: `refused, since ${why}`, doNotSuggest: true }]),
  ),
);

/** Each of them by one of its names. */
const needed: readonly JsonSchema[] = settings
  .filter(([, { missing }]) => missing === 'needed')
  .map(([name, { also = [] }]) => ({ anyOf: [name, ...also].map((one) => ({ required: [one] })) }));

/** The settings of a Kafka stream. What stands behind `{topic}.`, which the Go client writes, is not looked at. */
export const KAFKA_SCHEMA: JsonSchema = {
  type: 'object',
  properties: { ...effective, ...withoutEffect, ...refused },
  patternProperties: { '^\\{topic\\}\\.': {} },
  additionalProperties: false,
  allOf: needed,
};
