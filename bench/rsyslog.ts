import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { missingTools } from '../spec/support/kafka';
import { endWithUs } from './children';
import { kafkaSettings, type Run, type Server } from './subject';

const START_TIMEOUT_MS = 10_000;

/** With several topics each line begins with its own; they are of one length. */
const topicsOf = ({ topics }: Run): { readonly templates: string; readonly parameters: string } => {
  const [first = ''] = topics;
  return topics.length === 1
    ? { templates: 'template(name="raw" type="string" string="%rawmsg%")', parameters: `topic="${first}"` }
    : {
        templates: `template(name="topic" type="string" string="%rawmsg:1:${first.length}%")
template(name="raw" type="string" string="%rawmsg:${first.length + 2}:$%")`,
        parameters: `topic="topic" dynatopic="on" dynatopic.cachesize="1000"`,
      };
};

/** A queue with room for half a million messages and large dequeues: what one sets for throughput. */
const config = (run: Run, socket: string): string => `
global(workDirectory="${run.folder}")
module(load="imptcp" threads="2")
module(load="omkafka")
${topicsOf(run).templates}
input(type="imptcp" path="${socket}" unlink="on" ruleset="kafka" socketBacklog="4096")
ruleset(name="kafka" queue.type="LinkedList" queue.size="500000" queue.dequeueBatchSize="4096" queue.workerThreads="1") {
  action(type="omkafka" broker=["${run.brokers}"] ${topicsOf(run).parameters} template="raw" partitions.auto="on" resubmitOnFailure="on"
    confParam=[${Object.entries(kafkaSettings(run.shape))
      .map(([name, value]) => `"${name}=${value}"`)
      .join(', ')}])
}
`;

const hasModules = (): boolean =>
  readdirSync('/usr/lib', { withFileTypes: true }).some(
    (entry) => entry.isDirectory() && existsSync(path.join('/usr/lib', entry.name, 'rsyslog/omkafka.so')),
  );

const untilExists = async (file: string): Promise<void> => {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(file)) {
    if (Date.now() > deadline) throw new Error(`rsyslogd made no ${file} in ${START_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

export const rsyslog: Server = {
  name: 'rsyslog, imptcp to omkafka',
  missing: () =>
    missingTools([{ name: 'rsyslogd', debianPackage: 'rsyslog' }]).length > 0 || !hasModules()
      ? 'not installed'
      : undefined,
  start: async (run) => {
    const socket = path.join(run.folder, 'rsyslog.sock');
    const configFile = path.join(run.folder, 'rsyslog.conf');
    await writeFile(configFile, config(run, socket));
    const rsyslogd = spawn('rsyslogd', ['-n', '-f', configFile, '-i', path.join(run.folder, 'rsyslog.pid')], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const ended = endWithUs(() => rsyslogd.kill('SIGKILL'));
    const stop = async (): Promise<void> => {
      ended();
      rsyslogd.kill('SIGKILL');
      if (rsyslogd.exitCode === null && rsyslogd.signalCode === null) await once(rsyslogd, 'exit');
    };
    try {
      await untilExists(socket);
    } catch (error) {
      await stop();
      throw error;
    }
    const prefixes = run.topics.length === 1 ? [''] : run.topics.map((topic) => `${topic} `);
    return { pid: rsyslogd.pid ?? 0, socket, framing: { kind: 'line', prefixes }, stop };
  },
};
