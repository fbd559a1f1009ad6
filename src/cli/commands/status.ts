import { Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import { count, duration, httpAddress } from '../options';
import type * as Work from './status/status';
import type { StatusRequest } from './status/request';

type GivenOptions = Omit<StatusRequest, 'http' | 'bucket' | 'timeoutMs'> &
  Partial<Pick<StatusRequest, 'http' | 'bucket'>> & { readonly timeout: number };

const HELP = helpText({
  about: `
Asks the running daemon over HTTP, at the address that the variable HTTP has in this environment: whether it is ready, what each
stream does, what waits in backups and the spool, the busiest buckets, the last warnings and errors of its log.`,
  examples: [
    ['kahets status', 'the daemon of the working directory’s environment'],
    ['kahets status --http /run/kahets/http.sock', 'another one'],
    ['kahets status >/dev/null || mail-it', 'lines on standard error say what is wrong'],
    ['kahets status --bucket orders --buckets 50', 'buckets whose name contains a text'],
    ['kahets status --json | jq .streams', 'for a machine: the document that /status.json is, docs/http.md'],
  ],
  exitCodes: {
    [EX.OK]: 'it is ready, and all streams are up',
    [EX.USAGE]: 'wrong usage',
    [EX.UNAVAILABLE]: 'it cannot be reached',
    [EX.TEMPFAIL]: 'it runs, but is not ready, or a stream does not take messages',
    [EX.NOPERM]: 'this user may not ask it',
    [EX.CONFIG]: 'HTTP is off, or the environment is wrong',
  },
});

export const addStatus: AddCommand = (program, host, ended) => {
  program
    .command('status')
    .description('say how the running daemon is')
    .addOption(
      new Option('--http <ADDRESS>', 'where the daemon serves HTTP (default: as HTTP says)').argParser(httpAddress),
    )
    .addOption(new Option('--buckets <N>', 'so many of the busiest buckets').default(10).argParser(count))
    .option('--bucket <TEXT>', 'buckets whose name contains this, in any case')
    .addOption(new Option('--timeout <TIME>', 'wait so long for the answer').default(5_000, '5s').argParser(duration))
    .option('--json', 'one JSON object on standard output', false)
    .addHelpText('after', HELP)
    .action(async ({ timeout: timeoutMs, ...options }: GivenOptions) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { status } = require('./status/status') as typeof Work;
      ended(await status({ http: undefined, bucket: undefined, ...options, timeoutMs }, host));
    });
};
