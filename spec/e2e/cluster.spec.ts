import { NEVER } from 'rxjs';
import type { Batch, Sink } from '../../src/model';
import { batchOfRun, memoryLog } from '../../src/testing/builders';
import { connectionsTo } from '../support/connections';
import { addTopic, describeKafka, freshTopic } from '../support/endToEnd';
import {
  addPartitions,
  createCluster,
  createTopicOn,
  electPreferred,
  reassign,
  untilPartitions,
  usedPartitions,
  type Cluster,
} from '../support/kafkaCluster';
import { messagesOfTopic } from '../support/kcat';
import { Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { openKafka } from '../support/openKafka';

const BATCH = 20;
const PACE_MS = 10;
const TEST_MS = 120_000;

const batchFrom = (topic: string, first: number): Batch => {
  const encoded = Array.from({ length: BATCH }, (_, n) => numberedFrame(topic, first + n));
  return batchOfRun(topic, encoded, Date.now());
};

/** Messages numbered from 0 that flow into a topic for as long as it takes. */
const flowInto = (sink: Sink, topic: string) => {
  const writes: Promise<number>[] = [];
  let total = 0;
  const write = (): Promise<number> => {
    const batch = batchFrom(topic, total);
    total += BATCH;
    const written = new Promise<number>((resolve, reject) => {
      let vouched = 0;
      sink.write(batch, NEVER).subscribe({
        next: ({ batch: { count }, maybeTwice }) => (vouched += maybeTwice ? 0 : count),
        error: reject,
        complete: () => resolve(vouched),
      });
    });
    writes.push(written);
    return written;
  };
  return {
    write,
    /** Writes, paced by the clock, until `event` has happened and what was written then is acknowledged. */
    until: async (event: Promise<unknown>): Promise<void> => {
      let over = false;
      const end = event.finally(() => (over = true));
      const isOver = (): boolean => over;
      while (!isOver()) {
        void write();
        await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      }
      await end;
      await write();
    },
    /** Resolves with how many were written, all of which have a receipt that vouches for one copy. */
    end: async (): Promise<number> => {
      const vouched = await Promise.all(writes);
      expect(vouched.reduce((sum, count) => sum + count, 0)).toBe(total);
      return total;
    },
  };
};

describeKafka('the Kafka sink and a cluster of three brokers', () => {
  let cluster: Cluster;
  let sink: Sink;
  const log = memoryLog();
  const atFirst = () => cluster.broker(1).address;

  beforeAll(async () => {
    cluster = await createCluster(3, 'min.insync.replicas=2\nauto.leader.rebalance.enable=false\n');
    await cluster.start(1, 2);
    const settings = {
      'compression.codec': 'snappy',
      'topic.metadata.refresh.interval.ms': 1000,
      'statistics.interval.ms': 100,
      'reconnect.backoff.max.ms': 1000,
    };
    sink = await openKafka(cluster.addresses, settings, { log });
  }, 120_000);
  afterAll(async () => {
    await sink.close();
    await cluster.remove();
  }, 30_000);

  /** Each message once, whole, in order per key, and no broker has more than one connection. */
  const expectAll = async (topic: string, total: number): Promise<void> => {
    const arrivals = new Arrivals(total);
    await addTopic(arrivals, atFirst(), topic);
    expect(arrivals.faults()).toEqual(NO_FAULTS);
    expect(Math.max(...connectionsTo(cluster.ports))).toBe(1);
  };
  const allInSync = (topic: string) =>
    untilPartitions(atFirst(), topic, (all) => all.every(({ isr }) => isr.length === 3));
  const ledBy = (topic: string, leaders: readonly number[]) =>
    untilPartitions(atFirst(), topic, (all) => all.every(({ leader }, n) => leader === leaders[n]));

  it(
    'uses a broker that is added',
    async () => {
      const topic = freshTopic('added');
      await createTopicOn(atFirst(), topic, [
        [1, 2],
        [2, 1],
      ]);
      const flow = flowInto(sink, topic);
      await flow.write();
      expect(connectionsTo(cluster.ports)).toEqual([1, 1, 0]);
      await flow.until(cluster.start(3));
      await reassign(atFirst(), topic, [
        [3, 2],
        [3, 1],
      ]);
      await flow.until(ledBy(topic, [3, 3]));
      expect(connectionsTo(cluster.ports)).toEqual([1, 1, 1]);
      await expectAll(topic, await flow.end());
    },
    TEST_MS,
  );

  it(
    'follows leaders that change',
    async () => {
      const topic = freshTopic('leaders');
      await createTopicOn(atFirst(), topic, [
        [1, 2],
        [2, 3],
        [3, 1],
      ]);
      const flow = flowInto(sink, topic);
      await flow.write();
      await reassign(atFirst(), topic, [
        [3, 2],
        [1, 3],
        [2, 1],
      ]);
      await flow.until(ledBy(topic, [3, 1, 2]));
      await reassign(atFirst(), topic, [
        [1, 2, 3],
        [1, 3, 2],
        [2, 1, 3],
      ]);
      await flow.until(allInSync(topic));
      await flow.until(electPreferred(atFirst()).then(() => ledBy(topic, [1, 1, 2])));
      await expectAll(topic, await flow.end());
    },
    TEST_MS,
  );

  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'goes on without a broker that ends by %s, and with it when it is back',
    async (signal) => {
      const topic = freshTopic(signal.toLowerCase());
      await createTopicOn(atFirst(), topic, [
        [1, 2, 3],
        [2, 3, 1],
        [2, 3, 1],
        [3, 1, 2],
      ]);
      const flow = flowInto(sink, topic);
      await flow.write();
      await flow.until(
        cluster
          .broker(2)
          .stop(signal)
          .then(() =>
            untilPartitions(atFirst(), topic, (all) => all.every(({ leader }) => leader === 1 || leader === 3)),
          ),
      );
      expect(connectionsTo(cluster.ports)).toEqual([1, 0, 1]);
      await flow.until(cluster.start(2).then(() => allInSync(topic)));
      await flow.until(electPreferred(atFirst()).then(() => ledBy(topic, [1, 2, 2, 3])));
      await expectAll(topic, await flow.end());
    },
    TEST_MS,
  );

  it(
    'uses partitions that are added, in order per key within each',
    async () => {
      const topic = freshTopic('partitions');
      await createTopicOn(atFirst(), topic, [[1, 2, 3]]);
      const flow = flowInto(sink, topic);
      await flow.write();
      await addPartitions(atFirst(), topic, 6);
      const used = async (): Promise<void> => {
        while ((await usedPartitions(atFirst(), topic)) < 4)
          await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      };
      await flow.until(used());
      const total = await flow.end();

      const numbers = new Set<number>();
      const last = new Map<string, number>();
      const outOfOrder: string[] = [];
      const messages = await messagesOfTopic(atFirst(), topic);
      for (const { key, value, partition } of messages) {
        const n = Number(/^n=(\d+) /.exec(String(value))?.[1]);
        const lane = `${String(key)} in ${partition}`;
        if (n <= (last.get(lane) ?? -1)) outOfOrder.push(`${n} of ${lane}`);
        last.set(lane, n);
        numbers.add(n);
      }
      expect(outOfOrder).toEqual([]);
      expect([messages.length, numbers.size]).toEqual([total, total]);
    },
    TEST_MS,
  );

  it(
    'waits while two of the three are down, and delivers when they are back',
    async () => {
      const topic = freshTopic('two-down');
      await createTopicOn(atFirst(), topic, [
        [1, 2, 3],
        [2, 3, 1],
        [3, 1, 2],
      ]);
      const flow = flowInto(sink, topic);
      await flow.write();
      await Promise.all([2, 3].map((id) => cluster.broker(id).stop('SIGKILL')));
      await untilPartitions(atFirst(), topic, (all) => all.every(({ isr }) => isr.length < 2));
      let acknowledged = 0;
      const waiting = Array.from({ length: 20 }, () => flow.write().then(() => (acknowledged += 1)));
      const linesBefore = log.lines.length;
      const refused = (): boolean =>
        log.lines
          .slice(linesBefore)
          .some(({ message, fields }) => message === 'statistics' && Number(fields['failedBatches']) > 0);
      while (!refused()) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      expect(acknowledged).toBe(0);
      // The broker that is left may have closed its connection meanwhile; there is never a second one.
      while (connectionsTo(cluster.ports)[0] === 0) await new Promise((resolve) => setTimeout(resolve, PACE_MS));
      expect(connectionsTo(cluster.ports)).toEqual([1, 0, 0]);

      await flow.until(cluster.start(2, 3).then(() => allInSync(topic)));
      await Promise.all(waiting);
      await expectAll(topic, await flow.end());
    },
    TEST_MS,
  );
});
