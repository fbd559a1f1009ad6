import path from 'node:path';
import { kill } from 'node:process';
import { openClient, type Client } from '../support/client';
import { endDaemons, startDaemon, type Daemon } from '../support/daemon';
import {
  addTopic,
  brokers,
  describeKafka,
  finalLedger,
  freshTopic,
  kafkaWithBackup,
  oneBucket,
  ownBroker,
  rowOf,
} from '../support/endToEnd';
import type { Broker } from '../support/kafka';
import { addFiles, Arrivals, numberedFrame } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

const PHASE = 5000;
const MARKER_MS = 20;

describeKafka('a broker that goes and comes back', () => {
  let broker: Broker;
  ownBroker((started) => (broker = started));
  afterEach(endDaemons);

  const sendPhase = async (client: Client, topic: string, first: number): Promise<void> => {
    const frames = Array.from({ length: PHASE }, (_, i) => numberedFrame(topic, first + i));
    await client.write(Buffer.concat(frames));
  };

  /** Sends a message now and then, since only a batch can find out that the broker is back; resolves to the number after the last. */
  const sendUntilClosed = async (daemon: Daemon, client: Client, topic: string, first: number): Promise<number> => {
    let n = first;
    const markers = setInterval(() => void client.write(numberedFrame(topic, n++)), MARKER_MS);
    try {
      await daemon.waitForLog(({ msg }) => /^(stream|topic) closed/.test(msg), 30_000);
    } finally {
      clearInterval(markers);
    }
    return n;
  };

  const hang = (signal: 'SIGSTOP' | 'SIGCONT') => (): void => void kill(broker.pid() ?? 0, signal);

  it.each<readonly [string, () => unknown, () => unknown]>([
    ['is killed', () => broker.stop('SIGKILL'), () => broker.start()],
    ['hangs', hang('SIGSTOP'), hang('SIGCONT')],
  ])(
    'is done without when it %s: messages go to the backup meanwhile, and to Kafka again',
    async (_, halt, goOn) => {
      const topic = freshTopic('failover');
      await createTopic(broker.address, topic);
      const daemon = await startDaemon({ buckets: oneBucket(topic, { kafka: kafkaWithBackup(broker.address) }) });
      const client = await openClient(daemon.socket);

      await sendPhase(client, topic, 0);
      expect(await awaitMessages(broker.address, topic, PHASE)).toBe(PHASE);

      await halt();
      await sendPhase(client, topic, PHASE);
      await daemon.waitForLog(({ msg }) => /^(stream|topic) open/.test(msg));

      await goOn();
      const returned = await sendUntilClosed(daemon, client, topic, 2 * PHASE);
      await sendPhase(client, topic, returned);
      await client.end();
      const ended = await daemon.stop();

      expect(ended.code).toBe(0);
      const total = returned + PHASE;
      const row = rowOf(finalLedger(ended), topic, 'kafka');
      expect(row).toMatchObject({ received: total, dropped: {}, deadLettered: 0 });
      expect(row.backedUp).toBeGreaterThanOrEqual(PHASE);

      const inKafka = new Arrivals(total);
      await addTopic(inKafka, broker.address, topic);
      expect(inKafka.faults()).toMatchObject({ twice: 0, damaged: 0, outOfOrder: 0 });
      const anywhere = new Arrivals(total);
      await addTopic(anywhere, broker.address, topic);
      await addFiles(anywhere, path.join(daemon.folder, 'backup'));
      expect(anywhere.faults()).toMatchObject({ missing: 0, damaged: 0 });
      expect(anywhere.faults().twice).toBeLessThanOrEqual(row.duplicatesPossible);

      const afterwards = new Arrivals(PHASE, returned);
      await addTopic(afterwards, broker.address, topic);
      expect(afterwards.faults().missing).toBe(0);
    },
    120_000,
  );

  it('is done without through a backup in another cluster', async () => {
    const topic = freshTopic('clusters');
    await Promise.all([broker.address, brokers()].map((address) => createTopic(address, topic)));
    const kafka = (address: string): object => ({
      type: 'kafka',
      settings: { 'bootstrap.servers': address, 'queue.buffering.max.ms': 50, 'reconnect.backoff.max.ms': 500 },
    });
    const stream = { ...kafka(broker.address), backup: kafka(brokers()), failover: { afterMs: 2000, retryMs: 500 } };
    const daemon = await startDaemon({ buckets: oneBucket(topic, { kafka: stream }) });
    const client = await openClient(daemon.socket);
    await sendPhase(client, topic, 0);
    expect(await awaitMessages(broker.address, topic, PHASE)).toBe(PHASE);

    await broker.stop('SIGKILL');
    await sendPhase(client, topic, PHASE);
    expect(await awaitMessages(brokers(), topic, PHASE)).toBe(PHASE);

    await broker.start();
    const n = await sendUntilClosed(daemon, client, topic, 2 * PHASE);
    await client.end();
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    const row = rowOf(finalLedger(ended), topic, 'kafka');
    expect(row).toMatchObject({ received: n, dropped: {}, deadLettered: 0 });
    const arrivals = new Arrivals(n);
    await addTopic(arrivals, broker.address, topic);
    await addTopic(arrivals, brokers(), topic);
    expect(arrivals.faults()).toMatchObject({ missing: 0, damaged: 0 });
    expect(arrivals.copies()).toBeLessThanOrEqual(row.duplicatesPossible);
    const states = ended.lines.at(-1)?.['streams'];
    expect(states).toMatchObject([{ stream: 'kafka', breaker: { state: 'closed' } }]);
  }, 120_000);
});
