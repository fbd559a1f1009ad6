import { InvalidArgumentError, Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import type * as Work from './replay/replay';
import type { ReplayRequest } from './replay/request';

const HELP = helpText({
  about: `
A folder stands for all files of frames below it, but not for those that are still written to (.part) or were set aside
(.bad, .dead). The oldest file comes first. A file is removed when all of it is acknowledged. Ctrl-C stops behind the
messages that are under way; the same command goes on from there.`,
  examples: [
    ['kahets replay data/backup --to kafka_01 --dry-run', 'what would be sent'],
    ['kahets replay data/backup --to kafka_01 --rate 0.25', 'for a quarter of the time, beside live messages'],
    ['kahets replay data/copy/orders --to kafka_02 --keep', 'a copy to another cluster'],
  ],
  exitCodes: {
    [EX.OK]: 'all is sent',
    [EX.USAGE]: 'wrong usage',
    [EX.DATAERR]: 'something is no message, or no sink takes it',
    [EX.NOINPUT]: 'no such file',
    [EX.UNAVAILABLE]: 'something is left: the stream cannot be reached, Ctrl-C, another process sends the file',
    [EX.CONFIG]: 'wrong configuration',
  },
});

const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() === '' || !(value > 0 && value <= 1))
    throw new InvalidArgumentError(`Expected a share of the time above 0, at most 1, such as 0.25.`);
  return value;
};

export const addReplay: AddCommand = (program, host, ended) => {
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
    .addHelpText('after', HELP)
    .action(async (paths: readonly string[], given: Omit<ReplayRequest, 'paths'>) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { replay } = require('./replay/replay') as typeof Work;
      ended(await replay({ paths, ...given }, host));
    });
};
