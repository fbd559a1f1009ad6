/** The topics of a run, made, counted and deleted together over one connection. */
import { Kafka, logLevel, type Admin } from 'kafkajs';

const POLL_MS = 50;
const TIMEOUT_MS = 60_000;

const withAdmin = async <A>(brokers: string, work: (admin: Admin) => Promise<A>): Promise<A> => {
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MS));

/** The sum of the end offsets of all partitions. */
const countAll = async (admin: Admin, topics: readonly string[]): Promise<number> => {
  let found = 0;
  for (const topic of topics) for (const { high } of await admin.fetchTopicOffsets(topic)) found += Number(high);
  return found;
};

/** Resolves when every partition answers: having a leader is not enough, it must know so too. */
export const createTopics = (brokers: string, topics: readonly string[], numPartitions: number): Promise<void> =>
  withAdmin(brokers, async (admin) => {
    const each = topics.map((topic) => ({ topic, numPartitions, replicationFactor: 1 }));
    await admin.createTopics({ topics: each, waitForLeaders: false, timeout: TIMEOUT_MS });
    const deadline = Date.now() + TIMEOUT_MS;
    for (;;) {
      try {
        await countAll(admin, topics);
        return;
      } catch (error) {
        if (Date.now() > deadline) throw error;
        await pause();
      }
    }
  });

export const deleteTopics = (brokers: string, topics: readonly string[]): Promise<void> =>
  withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [...topics] }));

/**
 * Resolves with the number of messages in all `topics` together as soon as there are `wanted` or more, or at the end of
 * `timeoutMs`.
 */
export const awaitAll = (
  brokers: string,
  topics: readonly string[],
  wanted: number,
  timeoutMs: number,
): Promise<number> =>
  withAdmin(brokers, async (admin) => {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = await countAll(admin, topics);
      if (found >= wanted || Date.now() > deadline) return found;
      await pause();
    }
  });
