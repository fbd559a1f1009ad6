import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import type * as Work from './schema/schema';

const HELP = helpText({
  about: `
Prints the JSON Schema (draft-07) of buckets.json, by which editors complete keys, show what each of them does and mark what is
wrong. The same is in the package, as docs/buckets.schema.json. What holds between two places (that a bucket's stream is there,
say) is for kahets check.`,
  examples: [
    ['kahets schema > buckets.schema.json', 'for "$schema": "./buckets.schema.json" in buckets.json'],
    ['kahets schema | jq .definitions.fileSettings', 'what a file stream may be told'],
  ],
  exitCodes: {
    [EX.OK]: 'all of it is printed',
    [EX.USAGE]: 'wrong usage',
  },
});

export const addSchema: AddCommand = (program, host, ended) => {
  program
    .command('schema')
    .description('print what buckets.json may say, for editors')
    .addHelpText('after', HELP)
    .action(() => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { schema } = require('./schema/schema') as typeof Work;
      ended(schema(host));
    });
};
