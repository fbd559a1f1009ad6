import { Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import { duration } from '../options';
import type * as Work from './check/check';
import type { CheckRequest } from './check/request';

type GivenOptions = Pick<CheckRequest, 'connect' | 'json'> & { readonly timeout: number };

const HELP = helpText({
  about: `
Reads what the daemon would read, tells everything that is wrong with it at once, or else in plain words what becomes of the
messages of each bucket. With --connect it also tries what the streams need: brokers, TLS, SASL, topics, folders. Nothing is
written and nothing is made. Run it as the user that the daemon has.`,
  examples: [
    ['kahets check', 'the configuration of the working directory'],
    ['kahets check new.json --connect', 'another buckets.json, and whether its streams can be reached'],
    ['kahets check --json | jq .problems', 'for a machine'],
  ],
  exitCodes: {
    [EX.OK]: 'all is right',
    [EX.USAGE]: 'wrong usage',
    [EX.NOINPUT]: 'no such file',
    [EX.UNAVAILABLE]: 'something cannot be reached, or not be written to',
    [EX.CONFIG]: 'wrong configuration',
  },
});

export const addCheck: AddCommand = (program, host, ended) => {
  program
    .command('check')
    .description('say what is wrong with the configuration, or what it does')
    .argument('[FILE]', 'a buckets.json (default: as BUCKETS_FILE says)')
    .option('--connect', 'try brokers, topics and folders, too', false)
    .addOption(new Option('--timeout <TIME>', 'for --connect').default(10_000, '10s').argParser(duration))
    .option('--json', 'one JSON object on standard output', false)
    .addHelpText('after', HELP)
    .action(async (file: string | undefined, { timeout: timeoutMs, ...options }: GivenOptions) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { check } = require('./check/check') as typeof Work;
      ended(await check({ file, timeoutMs, ...options }, host));
    });
};
