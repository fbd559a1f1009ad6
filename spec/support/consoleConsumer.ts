/** Reads topics through Kafka's own consumer, in Java: a third reader beside kcat's and kafkajs's. */
import { spawn } from 'node:child_process';
import { buffer, text } from 'node:stream/consumers';
import { javaArguments, runKafkaTool } from './kafkaJars';

const TOOL = 'org.apache.kafka.tools.consumer.ConsoleConsumer';
/** What no message of a test holds. */
const AFTER_KEY = '<~key|value~>';
const AFTER_VALUE = '<~next~>';
/** Without another message for so long it ends. */
const TIMEOUT_MS = 20_000;

export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

const split = (bytes: Buffer): readonly Pair[] => {
  const pairs: Pair[] = [];
  for (let at = 0; ;) {
    const middle = bytes.indexOf(AFTER_KEY, at);
    const end = bytes.indexOf(AFTER_VALUE, middle);
    if (middle < 0 || end < 0) return pairs;
    pairs.push({ key: bytes.subarray(at, middle), value: bytes.subarray(middle + AFTER_KEY.length, end) });
    at = end + AFTER_VALUE.length;
  }
};

const settings = (option: string, values: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);

/**
 * The first `count` messages of all topics together, in order within a partition; checksums are verified. One start of
 * Java for all of them, since each takes seconds. Fewer where no more come.
 */
export const readByKafka = async (
  brokers: string,
  topics: readonly string[],
  count: number,
): Promise<readonly Pair[]> => {
  const options = {
    '--bootstrap-server': brokers,
    '--include': topics.join('|'),
    '--max-messages': String(count),
    '--timeout-ms': String(TIMEOUT_MS),
  };
  const args = await javaArguments(
    '256m',
    TOOL,
    '--from-beginning',
    ...Object.entries(options).flat(),
    ...settings('--property', { 'print.key': 'true', 'key.separator': AFTER_KEY, 'line.separator': AFTER_VALUE }),
  );
  const java = spawn('java', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [output, errors] = await Promise.all([buffer(java.stdout), text(java.stderr)]);
  const pairs = split(output);
  if (pairs.length === 0) throw new Error(`${TOOL} read nothing: ${errors}`);
  return pairs;
};

/** Bytes that each topic takes on the disks of the brokers. */
export const storedBytes = async (brokers: string, topics: readonly string[]): Promise<ReadonlyMap<string, number>> => {
  const output = await runKafkaTool(
    'org.apache.kafka.tools.LogDirsCommand',
    ...['--describe', '--bootstrap-server', brokers, '--topic-list', topics.join(',')],
  );
  const json = output.split('\n').find((line) => line.startsWith('{')) ?? '{}';
  const { brokers: nodes = [] } = JSON.parse(json) as {
    brokers?: { logDirs: { partitions: { partition: string; size: number }[] }[] }[];
  };
  const bytes = new Map<string, number>();
  for (const { partition, size } of nodes.flatMap(({ logDirs }) => logDirs).flatMap(({ partitions }) => partitions)) {
    const topic = partition.slice(0, partition.lastIndexOf('-'));
    bytes.set(topic, (bytes.get(topic) ?? 0) + size);
  }
  return bytes;
};
