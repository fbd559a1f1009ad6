/** Topics of a broker, through kafkajs's admin client. */
import { Kafka, logLevel, type Admin } from 'kafkajs';

export const withAdmin = async <A>(brokers: string, work: (admin: Admin) => Promise<A>): Promise<A> => {
  const kafka = new Kafka({
    brokers: brokers.split(','),
    logLevel: logLevel.NOTHING,
    connectionTimeout: 2000,
    retry: { retries: 0 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
};

export const topicNames = (brokers: string): Promise<readonly string[]> =>
  withAdmin(brokers, (admin) => admin.listTopics());

/** Whether the broker knows the topic and a leader of each of its partitions. */
const isReady = async (admin: Admin, topic: string): Promise<boolean> => {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return topics.every(({ partitions }) => partitions.every(({ leader }) => leader >= 0));
  } catch {
    // The broker hears of a new topic a little later than who made it; kafkajs's own waiting fails on that.
    return false;
  }
};

/** Creates a topic; resolves when its partitions have leaders. */
export const createTopic = (brokers: string, topic: string, partitions = 3): Promise<void> =>
  withAdmin(brokers, async (admin) => {
    const topics = [{ topic, numPartitions: partitions, replicationFactor: 1 }];
    await admin.createTopics({ topics, waitForLeaders: false });
    const deadline = Date.now() + 30_000;
    while (!(await isReady(admin, topic))) {
      if (Date.now() > deadline) throw new Error(`topic ${topic} has no leaders after 30 s`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

/** The sum of the partitions' end offsets. */
const count = async (admin: Admin, topic: string): Promise<number> =>
  (await admin.fetchTopicOffsets(topic)).reduce((sum, { high }) => sum + Number(high), 0);

/**
 * Resolves with the number of messages as soon as `topic` holds `wanted` of them or more, or at the end of `timeoutMs`.
 * One connection for all the asking.
 */
export const awaitMessages = (
  brokers: string,
  topic: string,
  wanted: number,
  { timeoutMs = 30_000, pollMs = 50 } = {},
): Promise<number> =>
  withAdmin(brokers, async (admin) => {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = await count(admin, topic);
      if (found >= wanted || Date.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  });
