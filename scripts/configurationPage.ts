/** docs/configuration.md: its tables are made of the codecs that read what they tell of. */
import { Bucket, Root, Stream } from '../src/config/bucketsCodecs';
import { Variables } from '../src/config/variables';
import type { JsonSchema } from '../src/model';
import { sinks } from '../src/sinks';
import { schemaOf } from '../src/sinks/codecs';
import { fileSettingsTable } from './filesPage';
import { code, keyTable, withTables } from './tables';

export const CONFIGURATION_PAGE = 'docs/configuration.md';

const KINDS = Object.keys(sinks).map(code).join(', ');

const withKinds = (schema: JsonSchema): JsonSchema => ({
  ...schema,
  properties: { ...schema.properties, type: { ...schema.properties?.['type'], title: KINDS } },
});

/** Without what the objects in it hold, which is told of elsewhere. */
const shallow = (schema: JsonSchema): JsonSchema => ({
  ...schema,
  properties: Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([key, { title, description }]) => [
      key,
      { title: title ?? 'an object', ...(description !== undefined && { description }) },
    ]),
  ),
});

/** The page as it should be, of what it is. */
export const configurationPage = (page: string): string =>
  withTables(page, {
    variables: keyTable(schemaOf(Variables), 'variable'),
    'buckets.json': keyTable(shallow(schemaOf(Root))),
    streams: keyTable(withKinds(schemaOf(Stream))),
    buckets: keyTable(schemaOf(Bucket)),
    'file settings': fileSettingsTable(),
  });
