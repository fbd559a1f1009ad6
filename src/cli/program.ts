import { Command, CommanderError } from 'commander';
import type { CommandHost } from './command';
import { commands } from './commands';
import { ABOUT_START } from './commands/start';
import { EX } from './exitCodes';

/** The program with all commands; `ended` takes the exit code of the one that runs. */
export const createProgram = (host: CommandHost, ended: (code: number) => void): Command => {
  const { out, err, version } = host;
  const program = new Command('kahets')
    .description('Takes framed messages over a UNIX socket, batches them by bucket and sends them to Kafka or files.')
    .version(version, '-v, --version', 'the version')
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'the help of a command')
    .configureOutput({ writeOut: out, writeErr: err, outputError: (text, write) => write(`kahets: ${text}`) })
    .showHelpAfterError()
    .exitOverride()
    .addHelpText('after', ABOUT_START);
  for (const add of commands) add(program, host, ended);
  return program;
};

/**
 * Runs the command that `args` name; without one it is `start`. Resolves with the exit code: 0 for help and version, 64 for
 * wrong usage, which is told on standard error.
 */
export const runProgram = async (args: readonly string[], host: CommandHost): Promise<number> => {
  const ended: { code: number } = { code: EX.OK };
  try {
    await createProgram(host, (code) => (ended.code = code)).parseAsync([...args], { from: 'user' });
    return ended.code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EX.OK : EX.USAGE;
    throw error;
  }
};
