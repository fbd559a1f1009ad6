import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { nearest } from '../sinks/nearest';
import type { CommandHost } from './command';
import { commands } from './commands';
import { EX } from './exitCodes';

/** What `kahets replay` is told. */
export interface ReplayRequest {
  /** Files and folders, at least one. */
  readonly paths: readonly string[];
  /** The id of a stream. */
  readonly to: string;
  /** The share of the time that sending takes, above 0, at most 1. */
  readonly rate: number;
  readonly dryRun: boolean;
  readonly keep: boolean;
  readonly json: boolean;
}

export interface ProgramOptions {
  readonly version: string;
  /** For all commands but `start` and `replay`. */
  readonly host: CommandHost;
  /** They resolve with the exit code. */
  readonly start: () => Promise<number>;
  readonly replay: (request: ReplayRequest) => Promise<number>;
}

const START = `
Reads .env.{environment}.local (environment: dev) and buckets.json in the working directory.
Stops on SIGTERM, SIGINT or SIGQUIT when all messages are delivered; a second signal ends it at once, and what is left
goes to the spool. SIGHUP reads buckets.json again, all of it or nothing; on a terminal it stops.
`;

const REPLAY = `
A folder stands for all files of frames below it, but not for those that are still written to (.part) or were set aside
(.bad, .dead). The oldest file comes first. A file is removed when all of it is acknowledged. Ctrl-C stops behind the
messages that are under way; the same command goes on from there.

Exit codes: 0 all is sent, 64 wrong usage, 65 something is no message or no sink takes it, 66 no such file, 69 something is
left (the stream cannot be reached, Ctrl-C, another process sends the file), 78 wrong configuration.
`;

const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1))
    throw new InvalidArgumentError(`Expected a share of the time above 0, at most 1, such as 0.25.`);
  return value;
};

/**
 * Runs the command that `args` name; without one it is `start`. Resolves with the exit code: 0 for help and version, 64 for
 * wrong usage, which is told on standard error.
 */
export const runProgram = async (args: readonly string[], options: ProgramOptions): Promise<number> => {
  const { version, host, start, replay } = options;
  const { out, err } = host;
  const ended: { code: number } = { code: EX.OK };
  const program = new Command('kahets')
    .description('Takes framed messages over a UNIX socket, batches them by bucket and sends them to Kafka or files.')
    .version(version, '-v, --version', 'the version')
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'the help of a command')
    .configureOutput({ writeOut: out, writeErr: err, outputError: (text, write) => write(`kahets: ${text}`) })
    .showHelpAfterError()
    .exitOverride()
    .addHelpText('after', START);

  program
    .command('start', { isDefault: true })
    .description('run the daemon (default)')
    .allowExcessArguments()
    .addHelpText('after', START)
    .action(async (_options: unknown, { args: extra }: Command) => {
      const [first] = extra;
      if (first !== undefined) {
        const names = program
          .createHelp()
          .visibleCommands(program)
          .map((command) => command.name());
        const meant = nearest(first, names);
        const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
        program.error(`expected ${names.join(', ')}, --help or --version, got ${extra.join(' ')}${hint}`);
      }
      ended.code = await start();
    });

  program
    .command('replay')
    .description('send files of frames on to the primary of a stream')
    .argument('<PATH...>', 'files and folders')
    .requiredOption('--to <STREAM>', 'the stream, as streamsConfigs of buckets.json calls it')
    .addOption(
      new Option('--rate <SHARE>', 'the share of the time that sending takes, such as 0.25')
        .default(1, '1, no pauses')
        .argParser(share),
    )
    .option('--dry-run', 'send and change nothing; show what is there', false)
    .option('--keep', 'leave the files where they are', false)
    .option('--json', 'end with one JSON object on standard output', false)
    .addHelpText('after', REPLAY)
    .action(async (paths: readonly string[], given: Omit<ReplayRequest, 'paths'>) => {
      ended.code = await replay({ paths, ...given });
    });

  for (const add of commands) add(program, host, (code) => (ended.code = code));

  try {
    await program.parseAsync([...args], { from: 'user' });
    return ended.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EX.OK : EX.USAGE;
    throw error;
  }
};
