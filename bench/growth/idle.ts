import { readFileSync, readdirSync } from 'node:fs';
import type { Figure } from './figure';
import { inTopics, toKafka, withDaemon } from './daemon';
import { withFolder, withTopics, type Place } from './growth';
import { openSender } from './traffic';

/** Some 8 s after its last work V8 collects once, which is no idling. */
const SETTLE_MS = 12_000;
const MEASURED_MS = 10_000;
const CONNECTIONS = 10;

/** CPU of all threads in nanoseconds: the ticks of /proc/PID/stat are too coarse for what is next to nothing. */
const cpuNanos = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    0,
  );

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Percent of one core that a daemon takes which has worked, with its connections to clients and broker open. */
export const idleCpu = async ({ broker }: Place): Promise<Figure> => {
  const { address: brokers } = await broker();
  return withFolder((folder) =>
    withTopics(brokers, { topics: 1, partitions: 3 }, (topics) => {
      const target = { brokers, topics };
      return withDaemon({ folder, buckets: toKafka(target) }, async ({ pid, socket }) => {
        const traffic = {
          socket,
          messageBytes: 200,
          connections: CONNECTIONS,
          perWrite: 10,
          buckets: topics,
          keys: false,
        };
        const sender = await openSender(traffic);
        try {
          const { messages } = await sender.send(10_000);
          await inTopics(target).wait(messages);
          await pause(SETTLE_MS);
          const [before, startedMs] = [cpuNanos(pid), performance.now()];
          await pause(MEASURED_MS);
          const value = (cpuNanos(pid) - before) / 1e4 / (performance.now() - startedMs);
          return { value, note: `of one core, over ${MEASURED_MS / 1000} s, with ${CONNECTIONS} open connections` };
        } finally {
          await sender.stop();
        }
      });
    }),
  );
};
