/** docs/buckets.schema.json: what `kahets schema` prints. */
import { schema } from '../src/cli/commands/schema/schema';

export const BUCKETS_SCHEMA_FILE = 'docs/buckets.schema.json';

export const bucketsSchemaFile = (): string => {
  const printed: string[] = [];
  schema({ out: (text) => printed.push(text) });
  return printed.join('');
};
