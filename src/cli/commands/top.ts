import { Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import { httpAddress } from '../options';
import type { TopRequest } from './top/request';
import type * as Work from './top/top';

const HELP = helpText({
  about: `
Shows on the terminal what kahets status shows, every second, with rates. Where the daemon goes away it says so, and goes on when it
is back.

Keys: q or Ctrl-C ends it. Arrows, PgUp, PgDn, Home and End scroll the buckets; s sorts them by another column; / finds those
whose name contains a text (Enter: done, Esc: all of them again). Of the buckets that match, the 500 busiest are shown.`,
  examples: [
    ['kahets top', 'the daemon of the working directory’s environment'],
    ['kahets top --http 127.0.0.1:9410', 'another one'],
    ['NO_COLOR=1 kahets top', 'without colours'],
  ],
  exitCodes: {
    [EX.OK]: 'ended by a key or a signal',
    [EX.USAGE]: 'wrong usage, or standard output is no terminal',
    [EX.CONFIG]: 'HTTP is off, or the environment is wrong',
  },
});

export const addTop: AddCommand = (program, host, ended) => {
  program
    .command('top')
    .description('show live how the running daemon is')
    .addOption(
      new Option('--http <ADDRESS>', 'where the daemon serves HTTP (default: as HTTP says)').argParser(httpAddress),
    )
    .addHelpText('after', HELP)
    .action(async (options: Partial<TopRequest>) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { top } = require('./top/top') as typeof Work;
      ended(await top({ http: undefined, ...options }, host));
    });
};
