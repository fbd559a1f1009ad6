/** Growths of a daemon that sends to Kafka. */
import { withDaemonToKafka, type KafkaOptions } from './daemon';
import type { Growth, Place, Point } from './growth';
import { measureCost, type Cost } from './measure';
import { bulkTraffic, type Traffic } from './traffic';

const WARM_UP = 100_000;
const MESSAGES = 400_000;

interface Step extends KafkaOptions {
  /** Default 400,000. */
  readonly messages?: number;
  /** What is not as in bulk traffic. */
  readonly traffic?: Partial<Traffic>;
}

const measure = (place: Place, { messages = MESSAGES, traffic = {}, ...options }: Step): Promise<Cost> =>
  withDaemonToKafka(place, options, ({ daemon: { pid, socket }, topics, arrivals }) =>
    measureCost({
      ...{ pid, arrivals },
      traffic: bulkTraffic({ socket, buckets: topics }, traffic),
      warmUp: place.scale * Math.min(WARM_UP, messages),
      messages: place.scale * messages,
    }),
  );

const pointAt = (x: number, step: Step, label?: string): Point => ({
  x,
  ...(label === undefined ? {} : { label }),
  run: (place) => measure(place, step),
});

const MANY_CONNECTIONS = '200 B, all connections at once, ten messages a write, a topic of 3 partitions';

const connectionsIn = (env: NonNullable<KafkaOptions['env']>): Growth['points'] =>
  [1, 10, 100, 1000, 10_000].map((connections) =>
    pointAt(connections, { env, traffic: { connections, perWrite: 10 } }),
  );

const connections: Growth = {
  name: 'connections',
  title: 'Connections',
  what: MANY_CONNECTIONS,
  why: `Ten thousand connections alone bring the process near three quarters of \`MAXMEMORY\` (250 MB by default); from there on the daemon holds less and asks V8 for full collections, which cost more than the messages. With 1 GB that is gone, as the next table shows (\`npm run bench:growth -- connections roomy-connections\`): what is left there is that a read brings fewer bytes.`,
  unit: 'connections',
  points: connectionsIn({}),
};

const roomyConnections: Growth = {
  name: 'roomy-connections',
  title: 'Connections, with more memory',
  what: `${MANY_CONNECTIONS}, \`MAXMEMORY\` 1 GB`,
  unit: 'connections',
  points: connectionsIn({ MAXMEMORY: '1GB' }),
};

const topics: Growth = {
  name: 'topics',
  title: 'Buckets, each a topic',
  what: '200 B, 4 connections, writes of 64 KB, each message to the next bucket, topics of one partition',
  unit: 'topics',
  // A broker of one node takes a thousand topics so slowly that half of the messages are enough.
  points: [1, 10, 100, 1000].map((count) =>
    pointAt(count, { topics: count, partitions: 1, messages: count < 1000 ? MESSAGES : MESSAGES / 2 }),
  ),
};

const partitionsOf = (name: string, title: string, keys: boolean): Growth => ({
  name,
  title,
  what: `200 B, 4 connections, writes of 64 KB, one topic, ${keys ? '1,000 keys: no two neighbours go to the same partition' : 'no keys'}`,
  unit: 'partitions',
  points: [1, 3, 10, 30, 100].map((partitions) => pointAt(partitions, { partitions, traffic: { keys } })),
});

/** About 200 MB each, but for the small ones. */
const SIZES: readonly (readonly [bytes: number, label: string, messages: number])[] = [
  [20, '20 B', 1_000_000],
  [200, '200 B', 500_000],
  [2000, '2 KB', 100_000],
  [20_000, '20 KB', 10_000],
  [200_000, '200 KB', 1000],
  [1_000_000, '1 MB', 250],
];

const sizes: Growth = {
  name: 'sizes',
  title: 'Message size',
  what: '4 connections, writes of 64 KB or of one message, a topic of 3 partitions, `message.max.bytes` 4 MB',
  unit: 'bytes',
  points: SIZES.map(([messageBytes, label, messages]) =>
    pointAt(messageBytes, { messages, traffic: { messageBytes }, settings: { 'message.max.bytes': '4194304' } }, label),
  ),
  bytesAt: (x) => x,
};

export const KAFKA_GROWTHS: readonly Growth[] = [
  connections,
  roomyConnections,
  topics,
  partitionsOf('partitions', 'Partitions', false),
  partitionsOf('keyed-partitions', 'Partitions, messages with keys', true),
  sizes,
];
