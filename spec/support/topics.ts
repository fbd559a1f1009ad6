/** Topics of a broker, through kafkajs's admin client. */
import { Kafka, logLevel, type Admin } from 'kafkajs';

const withAdmin = async <A>(brokers: string, work: (admin: Admin) => Promise<A>): Promise<A> => {
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

/** Creates a topic; resolves when its partitions have leaders. */
export const createTopic = (brokers: string, topic: string, partitions = 3): Promise<void> =>
  withAdmin(brokers, async (admin) => {
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor: 1 }],
      waitForLeaders: true,
    });
  });

export const deleteTopic = (brokers: string, topic: string): Promise<void> =>
  withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [topic] }));

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
