import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { missingTools } from '../spec/support/kafka';
import { KAFKA_SETTINGS, measureDaemon, type Run, type Subject } from './subject';

const START_TIMEOUT_MS = 10_000;

/** A queue with room for half a million messages and large dequeues: what one sets for throughput. */
const config = ({ folder, brokers, topic }: Run, socket: string): string => `
global(workDirectory="${folder}")
module(load="imptcp" threads="2")
module(load="omkafka")
template(name="raw" type="string" string="%rawmsg%")
input(type="imptcp" path="${socket}" unlink="on" ruleset="kafka" socketBacklog="4096")
ruleset(name="kafka" queue.type="LinkedList" queue.size="500000" queue.dequeueBatchSize="4096" queue.workerThreads="1") {
  action(type="omkafka" broker=["${brokers}"] topic="${topic}" template="raw" partitions.auto="on" resubmitOnFailure="on"
    confParam=[${Object.entries(KAFKA_SETTINGS)
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

export const rsyslog: Subject = {
  name: 'rsyslog, imptcp to omkafka',
  missing: () =>
    missingTools([{ name: 'rsyslogd', debianPackage: 'rsyslog' }]).length > 0 || !hasModules()
      ? 'not installed'
      : undefined,
  takes: () => true,
  measure: async (run) => {
    const socket = path.join(run.folder, 'rsyslog.sock');
    const configFile = path.join(run.folder, 'rsyslog.conf');
    await writeFile(configFile, config(run, socket));
    const rsyslogd = spawn('rsyslogd', ['-n', '-f', configFile, '-i', path.join(run.folder, 'rsyslog.pid')], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    try {
      await untilExists(socket);
      return await measureDaemon(rsyslogd.pid ?? 0, run, socket, { kind: 'line' });
    } finally {
      rsyslogd.kill('SIGKILL');
      if (rsyslogd.exitCode === null && rsyslogd.signalCode === null) await once(rsyslogd, 'exit');
    }
  },
};
