/** The built daemon and the places its messages go to, as they are measured. */
import { startDaemon, type Daemon, type DaemonOptions } from '../../spec/support/daemon';
import { awaitBytes, outputFolder } from '../files';
import { withFolder, withTopics } from '../places';
import { BULK } from '../shapes';
import { kafkaSettings } from '../subject';
import { awaitAll } from '../topics';
import type { Place } from './growth';
import type { Arrivals } from './measure';

const BATCH = 10_000;

export interface KafkaTarget {
  readonly brokers: string;
  readonly topics: readonly string[];
  /** Those that differ from the bench's. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
}

/** `buckets.json` of buckets that go to the topics of their names. */
export const toKafka = ({ brokers, topics, settings = {} }: KafkaTarget): unknown => ({
  streamsConfigs: {
    kafka: {
      type: 'kafka',
      slice: 1,
      settings: { 'bootstrap.servers': brokers, ...kafkaSettings(BULK), ...settings },
    },
  },
  buckets: topics.map((id) => ({ id, streams: ['kafka'], batch: BATCH, batchTimeout: 30_000 })),
});

/** `buckets.json` of a daemon all of whose buckets go to one file, a batch of each every five seconds or for 10,000 messages. */
const toOneFile = (folder: string): unknown => ({
  streamsConfigs: {
    file: {
      type: 'file',
      slice: 1,
      settings: { path: outputFolder(folder), fileNameTemplate: 'all', sizeRotate: '10GB', fsync: 'never' },
    },
  },
  defaultBucket: { id: 'default', streams: ['file'], batch: BATCH, batchTimeout: 5000 },
});

/** Messages in the topics, by the broker's end offsets. */
const inTopics = ({ brokers, topics }: KafkaTarget): Arrivals => ({
  of: ({ messages }) => messages,
  wait: (wanted) => awaitAll(brokers, topics, wanted),
});

/** Bytes in the files of {@link toOneFile}. */
const inFiles = (folder: string): Arrivals => ({
  of: ({ bytes }) => bytes,
  wait: (wanted) => awaitBytes(outputFolder(folder), wanted),
});

/** A daemon that listens. */
export interface Running {
  readonly daemon: Daemon;
  readonly arrivals: Arrivals;
}

/** One that sends to Kafka, each of `topics` a bucket. */
export interface ToKafka extends Running {
  readonly topics: readonly string[];
}

const withDaemon = async <A>(options: DaemonOptions, work: (daemon: Daemon) => Promise<A>): Promise<A> => {
  const daemon = await startDaemon(options);
  try {
    return await work(daemon);
  } finally {
    await daemon.stop('SIGKILL');
  }
};

export interface KafkaOptions extends Pick<KafkaTarget, 'settings'>, Pick<DaemonOptions, 'env' | 'command'> {
  /** Default 1. */
  readonly topics?: number | undefined;
  /** Of each topic; default 3. */
  readonly partitions?: number | undefined;
}

/** Makes topics and starts a daemon that sends to them, for `work` alone. */
export const withDaemonToKafka = async <A>(
  { broker }: Pick<Place, 'broker'>,
  { topics: count = 1, partitions = 3, settings, ...options }: KafkaOptions,
  work: (running: ToKafka) => Promise<A>,
): Promise<A> => {
  const { address: brokers } = await broker();
  return withFolder((folder) =>
    withTopics(brokers, { topics: count, partitions }, (topics) => {
      const target = { brokers, topics, settings };
      return withDaemon({ ...options, folder, buckets: toKafka(target) }, (daemon) =>
        work({ daemon, topics, arrivals: inTopics(target) }),
      );
    }),
  );
};

/** Starts a daemon all of whose buckets go to one file, for `work` alone. */
export const withDaemonToFile = <A>(
  options: Pick<DaemonOptions, 'env'>,
  work: (running: Running) => Promise<A>,
): Promise<A> =>
  withFolder((folder) =>
    withDaemon({ ...options, folder, buckets: toOneFile(folder) }, (daemon) =>
      work({ daemon, arrivals: inFiles(folder) }),
    ),
  );
