import { Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import { duration, httpAddress } from '../options';
import type * as Work from './reload/reload';
import type { ReloadRequest } from './reload/request';

const HELP = helpText({
  about: `
Checks the configuration as kahets check does, and sends SIGHUP to the daemon that listens at SOCKET, or else holds SPOOL. Nothing is
sent where anything is wrong, or where the daemon would stop: one that a terminal controls does.

What is checked is the configuration of this working directory and environment. The daemon reads that of its own: run this where it
was started, with the same variables, as its user. Where HTTP is on, the result is waited for; else its log tells.`,
  examples: [
    ['kahets reload', 'check, signal, and wait for the result'],
    ['kahets reload --timeout 5m', 'streams that go may take up to DRAIN_TIMEOUT to settle'],
  ],
  exitCodes: {
    [EX.OK]: 'reloaded; without HTTP: signalled',
    [EX.USAGE]: 'wrong usage',
    [EX.UNAVAILABLE]: 'no daemon runs, it would stop at the signal, or it ended; or Ctrl-C',
    [EX.TEMPFAIL]: 'signalled, and no result in time',
    [EX.NOPERM]: 'this user may not signal it',
    [EX.CONFIG]: 'the configuration is wrong, or the daemon did not take it: what runs goes on',
  },
});

export const addReload: AddCommand = (program, host, ended) => {
  program
    .command('reload')
    .description('make the running daemon take a changed configuration')
    .addOption(
      new Option('--http <ADDRESS>', 'where the daemon serves HTTP (default: as HTTP says)').argParser(httpAddress),
    )
    .addOption(new Option('--timeout <TIME>', 'wait so long for the result').default(60_000, '60s').argParser(duration))
    .addHelpText('after', HELP)
    .action(async ({ timeout: timeoutMs, ...options }: Pick<Partial<ReloadRequest>, 'http'> & { timeout: number }) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { reload } = require('./reload/reload') as typeof Work;
      ended(await reload({ http: undefined, ...options, timeoutMs }, host));
    });
};
