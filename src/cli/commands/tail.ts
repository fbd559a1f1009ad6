import { Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import { count, httpAddress, shownBytes, shownRate } from '../options';
import type { TailRequest } from './tail/request';
import type * as Work from './tail/tail';

const HELP = helpText({
  about: `
Messages are shown when all of their streams are done with them. Delivery does not wait for it: what passes faster than --rate,
or than it is read here, is not shown, and a line on standard error says how much that was.

Each line is a JSON object as that of cat: bucket, timestamp, message, and streams, what became of the message on each (delivered,
backedUp, deadLettered, dropped, sampledOut; of a batch that fared differently all of them); key, headers and partition where there
are any. What is no UTF-8 stands in keyBase64, messageBase64; what is cut has its length beside it, messageBytes.

The daemon shows messages on a UNIX socket (HTTP=/run/kahets/http.sock), or on a port where HTTP_MESSAGES=1.`,
  examples: [
    ['kahets tail', 'ten messages a second of all that passes, until Ctrl-C'],
    ['kahets tail requests mails --rate 1', 'one a second, of two buckets'],
    ['kahets tail requests --limit 1 --bytes 64KB --raw', 'the next message, as it is'],
  ],
  exitCodes: {
    [EX.OK]: 'Ctrl-C, or as many messages as were asked for',
    [EX.USAGE]: 'wrong usage',
    [EX.UNAVAILABLE]: 'the daemon does not answer, stops, or shows messages to others already',
    [EX.NOPERM]: 'messages are not shown there, or not to this user',
    [EX.CONFIG]: 'HTTP is not set, or wrong',
  },
});

export const addTail: AddCommand = (program, host, ended) => {
  program
    .command('tail')
    .description('see messages pass, a sample of them')
    .argument('[BUCKET...]', 'buckets; without any, all of them')
    .option('--raw', 'messages alone, each with a line end', false)
    .addOption(new Option('--rate <N>', 'at most so many a second, 1 to 1000').default(10).argParser(shownRate))
    .addOption(
      new Option('--bytes <SIZE>', 'so much of each message, up to 64KB').default(1024, '1KB').argParser(shownBytes),
    )
    .addOption(new Option('--limit <N>', 'so many messages').argParser(count))
    .addOption(
      new Option('--http <ADDRESS>', 'where the daemon answers').default(undefined, 'HTTP').argParser(httpAddress),
    )
    .addHelpText('after', HELP)
    .action(
      async (
        buckets: readonly string[],
        options: Pick<TailRequest, 'raw' | 'rate' | 'bytes'> & Partial<Pick<TailRequest, 'limit' | 'http'>>,
      ) => {
        // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
        const { tail } = require('./tail/tail') as typeof Work;
        ended(await tail({ limit: undefined, http: undefined, ...options, buckets }, host));
      },
    );
};
