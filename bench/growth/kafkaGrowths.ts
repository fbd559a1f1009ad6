/** Growths of a daemon that sends to Kafka. */
import { inTopics, toKafka, withDaemon, type Settings } from './daemon';
import { withFolder, withTopics, type Growth, type Place, type Point } from './growth';
import { measureCost, type Cost } from './measure';
import { openSender } from './traffic';

const BULK_BYTES = 64 * 1024;
const WARM_UP = 100_000;

interface Step {
  readonly messages: number;
  readonly messageBytes?: number;
  readonly connections?: number;
  /** Messages of a write; default: as many as 64 KB hold. */
  readonly perWrite?: number;
  readonly topics?: number;
  readonly partitions?: number;
  readonly keys?: boolean;
  readonly settings?: Settings;
}

const measure = async (
  { broker, scale }: Place,
  {
    messages,
    messageBytes = 200,
    connections = 4,
    perWrite = Math.max(1, Math.floor(BULK_BYTES / messageBytes)),
    topics: count = 1,
    partitions = 3,
    keys = false,
    settings = {},
  }: Step,
): Promise<Cost> => {
  const { address: brokers } = await broker();
  return withFolder((folder) =>
    withTopics(brokers, { topics: count, partitions }, (topics) => {
      const target = { brokers, topics, settings };
      return withDaemon({ folder, buckets: toKafka(target) }, async ({ pid, socket }) => {
        const sender = await openSender({ socket, messageBytes, connections, perWrite, buckets: topics, keys });
        try {
          const counts = { warmUp: scale * Math.min(WARM_UP, messages), messages: scale * messages };
          return await measureCost({ pid, sender, arrivals: inTopics(target), ...counts });
        } finally {
          await sender.stop();
        }
      });
    }),
  );
};

const pointAt = (x: number, step: Step, label?: string): Point => ({
  x,
  ...(label === undefined ? {} : { label }),
  run: (place) => measure(place, step),
});

const connections: Growth = {
  name: 'connections',
  title: 'Connections',
  what: '200 B, all connections at once, ten messages a write, a topic of 3 partitions',
  unit: 'connections',
  points: [1, 10, 100, 1000, 10_000].map((count) =>
    pointAt(count, { messages: 400_000, connections: count, perWrite: 10 }),
  ),
};

const topics: Growth = {
  name: 'topics',
  title: 'Buckets, each a topic',
  what: '200 B, 4 connections, writes of 64 KB, each message to the next bucket, topics of one partition',
  unit: 'topics',
  points: [1, 10, 100, 1000].map((count) => pointAt(count, { messages: 400_000, topics: count, partitions: 1 })),
};

const partitionsOf = (name: string, title: string, keys: boolean): Growth => ({
  name,
  title,
  what: `200 B, 4 connections, writes of 64 KB, one topic, ${keys ? '1,000 keys: no two neighbours go to the same partition' : 'no keys'}`,
  unit: 'partitions',
  points: [1, 3, 10, 30, 100].map((partitions) => pointAt(partitions, { messages: 400_000, partitions, keys })),
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
    pointAt(messageBytes, { messages, messageBytes, settings: { 'message.max.bytes': '4194304' } }, label),
  ),
  bytesAt: (x) => x,
};

export const KAFKA_GROWTHS: readonly Growth[] = [
  connections,
  topics,
  partitionsOf('partitions', 'Partitions', false),
  partitionsOf('keyed-partitions', 'Partitions, messages with keys', true),
  sizes,
];
