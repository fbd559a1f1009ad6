import path from 'node:path';
import { outputFolder } from './files';
import { linePeer } from './linePeer';
import { peerVersions, SYSLOG_NG } from './peers';
import { kafkaSettings, type Run } from './subject';

/** Messages under way in all; each connection has its share of them. */
const WINDOW = 200_000;
/** Beyond those that are open: the closed ones that it has not seen the end of. */
const SPARE_CONNECTIONS = 48;

/** With several topics each line begins with its own; they are of one length. */
const templates = ({ topics }: Run): { readonly topic: string; readonly message: string } => {
  const [first = ''] = topics;
  return topics.length === 1
    ? { topic: `"${first}"`, message: '$MSG' }
    : { topic: `'$(substr "$MSG" 0 ${first.length})'`, message: `$(substr "$MSG" ${first.length + 1})` };
};

const toKafka = (run: Run): string => {
  const { topic, message } = templates(run);
  const settings = Object.entries(kafkaSettings(run.shape)).map(([name, value]) => `"${name}" => "${value}"`);
  return `destination kafka {
  kafka-c(bootstrap-servers("${run.brokers}") topic(${topic}) fallback-topic("${run.topics[0] ?? ''}") message('${message}')
    config(${settings.join(' ')}) workers(1) sync-send(no) log-fifo-size(500000) time-reopen(1));
};`;
};

const toFile = (run: Run): string => `destination file {
  file("${path.join(outputFolder(run.folder), 'messages')}" template('${templates(run).message}\n') fsync(no) flush-lines(1000) log-fifo-size(500000));
};`;

/** Flow control: where the destination is behind, clients wait; nothing is dropped. */
const config = (run: Run, socket: string): string => {
  const { to, connections } = run.shape;
  const version = /^\d+\.\d+/.exec(peerVersions()['syslog-ng'] ?? '')?.[0] ?? '';
  const destinations = to === 'both' ? ['kafka', 'file'] : [to];
  return `@version: ${version}
options { threaded(yes); stats-freq(0); use-dns(no); dns-cache(no); log-msg-size(65536); };
source clients {
  unix-stream("${socket}" flags(no-parse) max-connections(${connections + SPARE_CONNECTIONS}) log-iw-size(${WINDOW}) log-fetch-limit(1000)
    listen-backlog(4096));
};
${to === 'file' ? '' : toKafka(run)}
${to === 'kafka' ? '' : toFile(run)}
log { source(clients); ${destinations.map((name) => `destination(${name});`).join(' ')} flags(flow-control); };
`;
};

export const syslogNg = linePeer({
  name: 'syslog-ng, unix-stream',
  packaged: SYSLOG_NG,
  config,
  args: (configFile, modules, file) => {
    const files = { '-R': 'syslog-ng.persist', '-c': 'syslog-ng.ctl', '-p': 'syslog-ng.pid' };
    const places = Object.entries(files).flatMap(([option, name]) => [option, file(name)]);
    return ['-F', '--no-caps', '--module-path', modules, '-f', configFile, ...places];
  },
});
