import type { Command } from 'commander';
import { nearest } from '../../sinks/nearest';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import type * as Work from './start/start';

/** What stands below the help of the program as well, whose default it is. */
export const ABOUT_START = `
Reads .env.{environment}.local (environment: dev) and buckets.json in the working directory.
Stops on SIGTERM, SIGINT or SIGQUIT when all messages are delivered; a second signal ends it at once, and what is left
goes to the spool. SIGHUP reads buckets.json again, all of it or nothing; on a terminal it stops.
`;

const HELP = helpText({
  about: ABOUT_START,
  examples: [
    ['kahets start', 'the configuration of the working directory'],
    ['environment=prod kahets start', 'with .env.prod.local'],
    ['HTTP=9410 kahets start', 'with a status page on this host'],
  ],
  exitCodes: {
    [EX.OK]: 'stopped, and all is delivered, backed up or in the spool',
    [EX.USAGE]: 'wrong usage',
    [EX.SOFTWARE]: 'something accepted is lost, or an unexpected error',
    [EX.CANTCREAT]: 'a socket, folder or file cannot be made',
    [EX.CONFIG]: 'wrong configuration',
    [EX.KILLED]: 'ended at once by a second signal',
  },
});

const namesIn = (program: Command): readonly string[] =>
  program
    .createHelp()
    .visibleCommands(program)
    .map((command) => command.name());

/** No word is a command that is not there: what is left of the line is told of. */
const refuse = (program: Command, extra: readonly string[]): void => {
  const [first] = extra;
  if (first === undefined) return;
  const names = namesIn(program);
  const meant = nearest(first, names);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  program.error(`expected ${names.join(', ')}, --help or --version, got ${extra.join(' ')}${hint}`);
};

export const addStart: AddCommand = (program, host, ended) => {
  program
    .command('start', { isDefault: true })
    .description('run the daemon (default)')
    .allowExcessArguments()
    .addHelpText('after', HELP)
    .action(async (_options: unknown, { args }: Command) => {
      refuse(program, args);
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { start } = require('./start/start') as typeof Work;
      ended(await start(host));
    });
};
