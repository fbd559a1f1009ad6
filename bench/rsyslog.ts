import path from 'node:path';
import { outputFolder } from './files';
import { linePeer } from './linePeer';
import { RSYSLOG } from './peers';
import { kafkaSettings, type Run } from './subject';

/** With several topics each line begins with its own; they are of one length. */
const templates = ({ topics }: Run): string => {
  const [first = ''] = topics;
  const message = topics.length === 1 ? '%rawmsg%' : `%rawmsg:${first.length + 2}:$%`;
  return `template(name="topic" type="string" string="%rawmsg:1:${first.length}%")
template(name="raw" type="string" string="${message}")
template(name="line" type="string" string="${message}\\n")`;
};

const toKafka = (run: Run): string => {
  const topic =
    run.topics.length === 1
      ? `topic="${run.topics[0] ?? ''}"`
      : 'topic="topic" dynatopic="on" dynatopic.cachesize="1000"';
  const settings = Object.entries(kafkaSettings(run.shape)).map(([name, value]) => `"${name}=${value}"`);
  return `action(type="omkafka" broker=["${run.brokers}"] ${topic} template="raw" partitions.auto="on" resubmitOnFailure="on"
    confParam=[${settings.join(', ')}])`;
};

/** Large writes, from a thread of its own, at the latest after a second. */
const toFile = ({ folder }: Run): string =>
  `action(type="omfile" file="${path.join(outputFolder(folder), 'messages')}" template="line"
    ioBufferSize="256k" flushOnTXEnd="off" asyncWriting="on" flushInterval="1")`;

/** A queue with room for half a million messages and large dequeues: what one sets for throughput. */
const config = (run: Run, socket: string): string => `
global(workDirectory="${run.folder}" maxMessageSize="64k")
module(load="imptcp" threads="2")
${run.shape.to === 'file' ? '' : 'module(load="omkafka")'}
${templates(run)}
input(type="imptcp" path="${socket}" unlink="on" ruleset="out" socketBacklog="4096")
ruleset(name="out" queue.type="LinkedList" queue.size="500000" queue.dequeueBatchSize="4096" queue.workerThreads="1") {
  ${run.shape.to === 'file' ? '' : toKafka(run)}
  ${run.shape.to === 'kafka' ? '' : toFile(run)}
}
`;

export const rsyslog = linePeer({
  name: 'rsyslog, imptcp',
  packaged: RSYSLOG,
  config,
  args: (configFile, modules, file) => ['-n', '-f', configFile, '-i', file('rsyslog.pid'), '-M', modules],
});
