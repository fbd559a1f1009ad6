import { helpText, type AddCommand } from '../command';
import { EX } from '../exitCodes';
import type * as Work from './init/init';
import type { InitRequest } from './init/request';

const HELP = helpText({
  about: `
Writes buckets.json and .env.dev.local, which the daemon reads in its working directory, with comments that say what each line
does, and kahets.service for systemd. Nothing that is there is overwritten, unless --force says so.`,
  examples: [
    ['kahets init', 'in the working directory, for a broker on this host'],
    ['kahets init conf --brokers kafka1:9092,kafka2:9092 --topic requests', 'in the folder conf'],
    ['kahets init /etc/kahets --data /var/lib/kahets', 'as a service has it'],
  ],
  exitCodes: {
    [EX.OK]: 'the files are there',
    [EX.USAGE]: 'wrong usage: no address of a broker, say',
    [EX.CANTCREAT]: 'a file is there already, or cannot be written',
  },
});

export const addInit: AddCommand = (program, host, ended) => {
  program
    .command('init')
    .description('write a configuration to start from')
    .argument('[DIR]', 'the folder', '.')
    .option('--brokers <LIST>', 'addresses of Kafka brokers, with commas', '127.0.0.1:9092')
    .option('--topic <TOPIC>', 'the topic, and the bucket that messages name', 'requests')
    .option('--data <DIR>', 'the folder for backups, copies and the spool', './data')
    .option('--force', 'overwrite what is there', false)
    .addHelpText('after', HELP)
    .action(async (folder: string, options: Omit<InitRequest, 'folder'>) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- loaded when it runs
      const { init } = require('./init/init') as typeof Work;
      ended(await init({ folder, ...options }, host));
    });
};
