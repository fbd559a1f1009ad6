/** The topics of a run, made, counted and deleted together over one connection. */
import { Kafka, logLevel, type Admin } from 'kafkajs';

const POLL_MS = 50;
/** So long without a new message, and all are there: longer than anyone's linger. */
const QUIET_MS = 2_500;
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

const pause = (ms = POLL_MS): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The sum of the end offsets of all partitions. */
const countAll = async (admin: Admin, topics: readonly string[]): Promise<number> => {
  let found = 0;
  for (const topic of topics) for (const { high } of await admin.fetchTopicOffsets(topic)) found += Number(high);
  return found;
};

/** Resolves when every partition answers: having a leader is not enough, it must know so too. */
export const createTopics = async (
  brokers: string,
  topics: readonly string[],
  numPartitions: number,
): Promise<void> => {
  if (topics.length === 0) return;
  await withAdmin(brokers, async (admin) => {
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
};

export const deleteTopics = async (brokers: string, topics: readonly string[]): Promise<void> => {
  if (topics.length > 0) await withAdmin(brokers, (admin) => admin.deleteTopics({ topics: [...topics] }));
};

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
      const startedMs = performance.now();
      const found = await countAll(admin, topics);
      if (found >= wanted || Date.now() > deadline) return found;
      // Of many topics the counting itself keeps the broker busy: no more than half of the time.
      await pause(Math.max(POLL_MS, performance.now() - startedMs));
    }
  });

/** Resolves with the number of messages in all `topics` when none has come for `quietMs`, which is told too. */
export const awaitQuiet = (
  brokers: string,
  topics: readonly string[],
): Promise<{ readonly found: number; readonly quietMs: number }> =>
  withAdmin(brokers, async (admin) => {
    let found = 0;
    let sinceMs = performance.now();
    while (performance.now() - sinceMs < QUIET_MS) {
      const now = await countAll(admin, topics);
      if (now !== found) sinceMs = performance.now();
      found = now;
      await pause();
    }
    return { found, quietMs: performance.now() - sinceMs };
  });
