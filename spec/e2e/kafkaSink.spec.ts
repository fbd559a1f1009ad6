import { NEVER } from 'rxjs';
import type { Batch, Health, Sink } from '../../src/model';
import { encodeFrame } from '../../src/wire/frame';
import { batchOfRun } from '../../src/testing/builders';
import { describeSink } from '../../src/testing/describeSink';
import { brokers, describeKafka, freshTopic, ownBroker } from '../support/endToEnd';
import { BACK_SOON, createBroker, type Broker } from '../support/kafka';
import { messagesOfTopic, readTopic } from '../support/kcat';
import { openKafka as open } from '../support/openKafka';
import { awaitMessages } from '../support/topics';

interface Pair {
  readonly key: string;
  readonly value: string;
}

const batchOf = (bucket: string, pairs: readonly Pair[], arrivedMs = Date.now()): Batch => {
  const encoded = pairs.map(({ key, value }) => encodeFrame(bucket, value, key));
  return batchOfRun(bucket, encoded, arrivedMs);
};

/** Resolves with how many messages got a receipt. */
const write = (sink: Sink, batch: Batch): Promise<number> =>
  new Promise((resolve, reject) => {
    let delivered = 0;
    sink.write(batch, NEVER).subscribe({
      next: (receipt) => (delivered += receipt.batch.count),
      error: reject,
      complete: () => resolve(delivered),
    });
  });

const untilHealth = (sink: Sink, state: Health['state']): Promise<Health> =>
  new Promise((resolve) => {
    sink.health$.subscribe((health) => {
      if (health.state === state) resolve(health);
    });
  });

const pairs = (first: number, count: number): readonly Pair[] =>
  Array.from({ length: count }, (_, n) => ({
    key: `key-${(first + n) % 50}`,
    value: `${first + n} ${'some words that compress '.repeat((first + n) % 9)}`,
  }));

/** Each key's messages come in the order of their numbers, and `count` numbers each once. */
const expectInOrder = async (address: string, topic: string, count: number): Promise<void> => {
  const last = new Map<string, number>();
  const seen = new Set<number>();
  const wrong: string[] = [];
  const found = await readTopic(address, topic, ({ key, value }) => {
    const number = Number.parseInt(String(value), 10);
    const before = last.get(String(key)) ?? -1;
    if (number <= before) wrong.push(`${number} after ${before} in ${String(key)}`);
    last.set(String(key), number);
    seen.add(number);
  });
  expect(wrong).toEqual([]);
  expect([found, seen.size]).toEqual([count, count]);
};

describeKafka('the Kafka sink and a real broker', () => {
  it('keeps keys, messages and the time of arrival byte for byte', async () => {
    const topic = freshTopic('bytes');
    const sink = await open(brokers(), { 'message.max.bytes': 1_048_000 });
    const sent: readonly Pair[] = [
      { key: '', value: '' },
      { key: '\u0000\n', value: '\n\u0000ÿ' },
      { key: 'k'.repeat(255), value: 'large '.repeat(100_000) },
    ];
    await write(sink, batchOf(topic, sent, 1_700_000_000_123));
    await sink.close();
    const found = await messagesOfTopic(brokers(), topic);
    expect(found.map(({ key, value }) => ({ key: String(key), value: String(value) }))).toEqual(
      expect.arrayContaining([...sent]),
    );
    expect(found.map(({ timestampMs }) => timestampMs)).toEqual([1, 1, 1].map(() => 1_700_000_000_123));
  });

  it.each(['0', '1', 'all'])('delivers with acks %s', async (acks) => {
    const topic = freshTopic('acks');
    const sink = await open(brokers(), { acks });
    // The topic is made by asking for it; without acknowledgements nothing tells when its partitions take messages.
    const first = await open(brokers());
    await write(first, batchOf(topic, pairs(0, 1000)));
    await first.close();
    for (let n = 1; n < 5; n += 1) await write(sink, batchOf(topic, pairs(n * 1000, 1000)));
    await sink.close();
    await awaitMessages(brokers(), topic, 5000);
    await expectInOrder(brokers(), topic, 5000);
  });

  it('finds the one message that is larger than its topic allows', async () => {
    const topic = freshTopic('large');
    const sink = await open(brokers(), { 'message.max.bytes': 4_000_000, 'batch.size': 4_000_000 });
    const large = { key: 'key-1', value: '7 '.padEnd(1_500_000, 'x') };
    const batch = batchOf(topic, [...pairs(0, 5), large, ...pairs(5, 5)]);
    const result = await new Promise<unknown>((resolve) => {
      sink.write(batch, NEVER).subscribe({ error: resolve });
    });
    await sink.close();
    expect(result).toMatchObject({ rest: [{ written: 'no', cause: { kind: 'poison' }, batch: { count: 1 } }] });
    await expectInOrder(brokers(), topic, 10);
  });
});

describeKafka('the Kafka sink and a broker that comes and goes', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await createBroker({ settings: BACK_SOON });
  }, 30_000);
  afterAll(() => broker.remove());

  it('starts without a broker, says so, and delivers when there is one; a restart loses and reorders nothing', async () => {
    const topic = freshTopic('restart');
    const sink = await open(broker.address, { 'compression.codec': 'snappy', 'reconnect.backoff.max.ms': 500 });
    const writes = [write(sink, batchOf(topic, pairs(0, 1000)))];
    const down = await untilHealth(sink, 'down');
    expect(down).toMatchObject({ state: 'down' });

    await broker.start();
    await untilHealth(sink, 'up');
    await writes[0];

    let number = 1000;
    const load = async (until: Promise<unknown>): Promise<void> => {
      const state: { over: boolean } = { over: false };
      const end = until.then(() => (state.over = true));
      while (!state.over) {
        writes.push(write(sink, batchOf(topic, pairs(number, 200))));
        number += 200;
        // Paced by the clock, so that the broker goes in the middle of requests.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await end;
    };
    await load(write(sink, batchOf(freshTopic('other'), pairs(0, 10))));
    await load(broker.stop('SIGKILL').then(() => untilHealth(sink, 'down')));
    await load(broker.start().then(() => untilHealth(sink, 'up')));

    const delivered = await Promise.all(writes);
    await sink.close();
    expect(delivered.reduce((sum, count) => sum + count, 0)).toBe(number);
    await expectInOrder(broker.address, topic, number);
  }, 90_000);
});

describeKafka('on a broker of its own', () => {
  let broker: Broker;
  // One partition, since messages without a key are in order only there.
  ownBroker((started) => (broker = started), { settings: 'num.partitions=1\n' });

  describeSink('kafka', {
    open: async () => ({
      sink: await open(broker.address, { 'reconnect.backoff.max.ms': 500 }),
      stored: async (bucket: string) =>
        (await messagesOfTopic(broker.address, bucket)).map(({ value }) => String(value)),
    }),
    outage: { begin: () => broker.stop('SIGKILL'), end: () => broker.start() },
    timeoutMs: 60_000,
  });
});
