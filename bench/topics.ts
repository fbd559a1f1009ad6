/** The topics of a run, made, counted and deleted together. */
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel, type Admin } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster';
import { DELIVERY_TIMEOUT_MS } from './timeouts';

const POLL_MS = 50;
/** So long without a new message, and all are there: longer than anyone's linger. */
const QUIET_MS = 2_500;
/** For thousands of topics: the broker makes a folder and files for each partition. */
const TIMEOUT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 5_000;

const withAdmin = async <A>(brokers: string, work: (admin: Admin) => Promise<A>): Promise<A> => {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

const silent: ConstructorParameters<typeof Cluster>[0]['logger'] = {
  namespace: () => silent,
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
};

/** The sum of the end offsets of all partitions. */
type Count = () => Promise<number>;

/**
 * Counts by one request to each broker. kafkajs's admin asks for each topic by itself, and for the metadata of all that it has been asked
 * for whenever there is one more: of a thousand topics that takes longer than their messages.
 */
const withCount = async <A>(
  brokers: string,
  topics: readonly string[],
  work: (count: Count) => Promise<A>,
): Promise<A> => {
  const cluster = new Cluster({
    brokers: brokers.split(','),
    logger: silent,
    socketFactory: ({ host, port, onConnect }) => connect({ host, port }, onConnect),
    connectionTimeout: CONNECT_TIMEOUT_MS,
    allowAutoTopicCreation: false,
  });
  try {
    await cluster.connect();
    return await work(async () => {
      await cluster.addMultipleTargetTopics(topics);
      const asked = topics.map((topic) => {
        const partitions = cluster
          .findTopicPartitionMetadata(topic)
          .map(({ partitionId: partition }) => ({ partition }));
        return { topic, partitions, fromBeginning: false } as const;
      });
      const answers = await cluster.fetchTopicsOffset(asked);
      return answers.flatMap(({ partitions }) => partitions).reduce((sum, { offset }) => sum + Number(offset), 0);
    });
  } finally {
    await cluster.disconnect();
  }
};

/** Resolves when every partition answers: having a leader is not enough, it must know so too. */
const awaitReady = async (brokers: string, topics: readonly string[]): Promise<void> => {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    try {
      // Anew each time: what a failure leaves of the metadata is not to be trusted.
      await withCount(brokers, topics, (count) => count());
      return;
    } catch (cause) {
      if (Date.now() > deadline)
        throw new Error(`of ${topics.length} topics not all are ready after ${TIMEOUT_MS / 1000} s`, { cause });
      await sleep(POLL_MS);
    }
  }
};

/** Resolves when they can be written to. */
export const createTopics = async (
  brokers: string,
  topics: readonly string[],
  numPartitions: number,
): Promise<void> => {
  if (topics.length === 0) return;
  await withAdmin(brokers, (admin) => {
    const each = topics.map((topic) => ({ topic, numPartitions, replicationFactor: 1 }));
    return admin.createTopics({ topics: each, waitForLeaders: false, timeout: TIMEOUT_MS });
  });
  await awaitReady(brokers, topics);
};

export const deleteTopics = async (brokers: string, topics: readonly string[]): Promise<void> => {
  if (topics.length === 0) return;
  await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [...topics], timeout: TIMEOUT_MS }));
};

/**
 * Resolves with the number of messages in all `topics` together as soon as there are `wanted` or more, or after
 * {@link DELIVERY_TIMEOUT_MS}.
 */
export const awaitAll = (brokers: string, topics: readonly string[], wanted: number): Promise<number> =>
  withCount(brokers, topics, async (count) => {
    const deadline = Date.now() + DELIVERY_TIMEOUT_MS;
    for (;;) {
      const startedMs = performance.now();
      const found = await count();
      if (found >= wanted || Date.now() > deadline) return found;
      // Of many topics the counting itself keeps the broker busy: no more than half of the time.
      await sleep(Math.max(POLL_MS, performance.now() - startedMs));
    }
  });

/** Resolves with the number of messages in all `topics` when none has come for `quietMs`, which is told too. */
export const awaitQuiet = (
  brokers: string,
  topics: readonly string[],
): Promise<{ readonly found: number; readonly quietMs: number }> =>
  withCount(brokers, topics, async (count) => {
    let found = 0;
    let sinceMs = performance.now();
    while (performance.now() - sinceMs < QUIET_MS) {
      const now = await count();
      if (now !== found) sinceMs = performance.now();
      found = now;
      await sleep(POLL_MS);
    }
    return { found, quietMs: performance.now() - sinceMs };
  });
