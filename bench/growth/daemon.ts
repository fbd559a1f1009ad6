/** The built daemon and the places its messages go to, as they are measured. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { startDaemon, type Daemon, type DaemonOptions } from '../../spec/support/daemon';
import { SHAPES, type Shape } from '../shapes';
import { DELIVERY_TIMEOUT_MS, kafkaSettings } from '../subject';
import { awaitAll } from '../topics';
import type { Arrivals } from './measure';

const POLL_MS = 20;
const BATCH = 10_000;

/** Settings of a stream that differ from those of the bench. */
export type Settings = Readonly<Record<string, string>>;

export interface KafkaTarget {
  readonly brokers: string;
  readonly topics: readonly string[];
  readonly settings?: Settings;
}

const bulk = (): Shape => {
  const [shape] = SHAPES;
  if (!shape) throw new Error('no shape');
  return shape;
};

/** `buckets.json` of buckets that go to the topics of their names. */
export const toKafka = ({ brokers, topics, settings = {} }: KafkaTarget): unknown => ({
  streamsConfigs: {
    kafka: {
      type: 'kafka',
      slice: 1,
      settings: { 'bootstrap.servers': brokers, ...kafkaSettings(bulk()), ...settings },
    },
  },
  buckets: topics.map((id) => ({ id, streams: ['kafka'], batch: BATCH, batchTimeout: 30_000 })),
});

/** `buckets.json` of a daemon all of whose buckets go to one file, a batch of each every five seconds or for 10,000 messages. */
export const toOneFile = (): unknown => ({
  streamsConfigs: {
    file: {
      type: 'file',
      slice: 1,
      settings: { path: './out', fileNameTemplate: 'all', sizeRotate: '10GB', fsync: 'never' },
    },
  },
  defaultBucket: { id: 'default', streams: ['file'], batch: BATCH, batchTimeout: 5000 },
});

/** Messages in the topics, by the broker's end offsets. */
export const inTopics = ({ brokers, topics }: KafkaTarget): Arrivals => ({
  of: ({ messages }) => messages,
  wait: (wanted) => awaitAll(brokers, topics, wanted, DELIVERY_TIMEOUT_MS),
});

const bytesIn = (folder: string): number => {
  try {
    return readdirSync(folder).reduce((sum, name) => sum + statSync(path.join(folder, name)).size, 0);
  } catch (error) {
    // It is made with the first message.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 0;
    throw error;
  }
};

/** Bytes in the files of {@link toOneFile}. */
export const inFiles = ({ folder }: Pick<Daemon, 'folder'>): Arrivals => ({
  of: ({ bytes }) => bytes,
  wait: async (wanted) => {
    const deadline = Date.now() + DELIVERY_TIMEOUT_MS;
    for (;;) {
      const found = bytesIn(path.join(folder, 'out'));
      if (found >= wanted || Date.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  },
});

/** Starts the daemon for `work` alone. */
export const withDaemon = async <A>(options: DaemonOptions, work: (daemon: Daemon) => Promise<A>): Promise<A> => {
  const daemon = await startDaemon(options);
  try {
    return await work(daemon);
  } finally {
    await daemon.stop('SIGKILL');
  }
};
