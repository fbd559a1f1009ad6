import { Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import { collect, count, moment, pattern } from '../options';
import type * as Work from './cat/cat';
import type { CatRequest } from './cat/request';

const HELP = helpText({
  about: `
Files of frames are what file streams, backups, dead letters, the spool and the journal consist of. A folder stands for all
files below it, the oldest first. Nothing is changed.

Each line is a JSON object: bucket, timestamp, message, offset (of the message in its file) and file; key, headers and
partition where there are any. What is no UTF-8 stands in keyBase64, messageBase64. A message of version 1 has no time of its
own: it is that of its file's last change. Behind a damaged place a file is not read: a line on standard error says where.`,
  examples: [
    ['kahets cat data/backup', 'all that waits there'],
    ['kahets cat data/backup --bucket requests --since 15m --grep error', 'some of it'],
    ['kahets cat data/copy --follow', 'and what comes, until Ctrl-C'],
    ['kahets cat data/dead/requests --raw | kahets send requests', 'messages alone, a line each, sent once more'],
  ],
  exitCodes: {
    [EX.OK]: 'all was read, or enough',
    [EX.USAGE]: 'wrong usage',
    [EX.DATAERR]: 'a file is damaged, or is none of frames',
    [EX.NOINPUT]: 'no such file, or one that cannot be read',
  },
});

export const addCat: AddCommand = (program, host, ended) => {
  program
    .command('cat')
    .description('show the messages in files')
    .argument('<FILE...>', 'files and folders')
    .option('--raw', 'messages alone, each with a line end', false)
    .option('-f, --follow', 'go on with what is written, also in new files of that name or folder', false)
    .addOption(
      new Option('--bucket <BUCKET>', 'messages of this bucket; may come again').default([], 'all').argParser(collect),
    )
    .addOption(
      new Option('--since <TIME>', 'messages from then on: 2026-11-23T12:00:00Z, or 15m (ago)').argParser(
        moment(host.now),
      ),
    )
    .addOption(new Option('--until <TIME>', 'messages before then').argParser(moment(host.now)))
    .addOption(
      new Option('--grep <PATTERN>', 'messages that a regular expression finds something in').argParser(pattern),
    )
    .addOption(new Option('--limit <N>', 'so many messages').argParser(count))
    .addHelpText('after', HELP)
    .action(
      async (
        paths: readonly string[],
        options: Pick<CatRequest, 'raw' | 'follow' | 'bucket'> & Partial<CatRequest>,
      ) => {
        const given = { since: undefined, until: undefined, grep: undefined, limit: undefined };
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
        const { cat } = require('./cat/cat') as typeof Work;
        ended(await cat({ ...given, ...options, paths }, host));
      },
    );
};
