import { InvalidArgumentError, Option } from 'commander';
import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import { count, duration, rate } from '../options';
import type * as Work from './send/send';
import type { SendRequest } from './send/request';

type GivenOptions = Pick<SendRequest, 'header' | 'raw' | 'sync' | 'json'> &
  Partial<SendRequest> & { readonly timeout: number };

const HELP = helpText({
  about: `
Without MESSAGE it sends what stands on standard input, or in --file, a message a line. It ends when the daemon has read all of
it; with --sync, when all of it is settled, and tells how. While the daemon does not read (its memory is full), it waits.

A key of up to 255 bytes goes in a frame of version 1; a longer one, and headers, in a record (docs/protocol.md).`,
  examples: [
    [`kahets send requests '{"path":"/"}' --key user-42`, 'one message'],
    ['kahets send requests < messages.ndjson', 'a message a line'],
    ['kahets send images --file cat.jpg --raw --header type=image/jpeg', 'a file as one message'],
    ['kahets send requests hello --sync', 'one message, and what became of it'],
    ['kahets send requests hello --socket tcp://127.0.0.1:9410', 'over TCP, where SOCKET has that address'],
    ['kahets send requests hello --count 100000 --rate 5000', 'traffic to try things with'],
  ],
  exitCodes: {
    [EX.OK]: 'the daemon has read all of it; with --sync, all of it is delivered',
    [EX.USAGE]: 'wrong usage: a bucket or key that is too long, say',
    [EX.DATAERR]: 'a message is larger than MAX_FRAME; those before it were sent',
    [EX.NOINPUT]: 'no such file',
    [EX.UNAVAILABLE]:
      'no daemon, it went away (with --sync, before it answered, or did not answer in time), or Ctrl-C; what was sent is told',
    [EX.IOERR]: 'with --sync: some of it was dropped, or the daemon has no such bucket',
    [EX.TEMPFAIL]: 'with --sync: some of it lies in a backup or among the dead letters',
    [EX.CONFIG]: 'wrong environment',
  },
});

const header = (
  text: string,
  before: SendRequest['header'] = [],
): readonly (readonly [name: string, value: string])[] => {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected a name and a value: NAME=VALUE.');
  return [...before, [text.slice(0, at), text.slice(at + 1)]];
};

export const addSend: AddCommand = (program, host, ended) => {
  program
    .command('send')
    .description('send messages to the daemon')
    .argument('<BUCKET>', 'the bucket')
    .argument('[MESSAGE]', 'the message (default: standard input, a message a line)')
    .option('--key <KEY>', 'the key of every message (default: none)')
    .addOption(
      new Option('--header <NAME=VALUE>', 'a header of every message; may come again')
        .default([], 'none')
        .argParser(header),
    )
    .addOption(new Option('--file <FILE>', 'send what is in a file').conflicts('message'))
    .option('--raw', 'send all of the input as one message', false)
    .addOption(new Option('--count <N>', 'send the one message so often (default: 1)').argParser(count))
    .addOption(new Option('--rate <N>', 'messages a second (default: no pauses)').argParser(rate))
    .option('--socket <PATH>', 'the socket of the daemon, or tcp://HOST:PORT (default: the first of SOCKET)')
    .option('--sync', 'wait until all of it is settled, and tell how', false)
    .addOption(new Option('--timeout <TIME>', 'for --sync: wait so long').default(30_000, '30s').argParser(duration))
    .option('--json', 'end with one JSON object on standard output', false)
    .addHelpText('after', HELP)
    .action(async (bucket: string, message: string | undefined, { timeout: timeoutMs, ...options }: GivenOptions) => {
      const given = { key: undefined, file: undefined, count: undefined, rate: undefined, socket: undefined };
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { send } = require('./send/send') as typeof Work;
      ended(await send({ ...given, ...options, timeoutMs, bucket, message }, host));
    });
};
