import path from 'node:path';
import { kill } from 'node:process';
import { openClient, type Client } from '../support/client';
import { endDaemons, startDaemon } from '../support/daemon';
import {
  addTopic,
  describeKafka,
  finalLedger,
  freshTopic,
  kafkaWithBackup,
  oneBucket,
  rowOf,
} from '../support/endToEnd';
import { startBroker, type Broker } from '../support/kafka';
import { addFiles, Arrivals, numberedFrame } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

const PHASE = 5000;
const MARKER_MS = 20;

describeKafka('a broker that goes and comes back', () => {
  let broker: Broker;
  beforeAll(async () => {
    broker = await startBroker();
  }, 60_000);
  afterEach(endDaemons);
  afterAll(() => broker.remove());

  const sendPhase = async (client: Client, topic: string, first: number): Promise<void> => {
    const frames = Array.from({ length: PHASE }, (_, i) => numberedFrame(topic, first + i));
    await client.write(Buffer.concat(frames));
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
      // A message now and then, since only a batch can find out that the broker is back.
      let n = 2 * PHASE;
      const markers = setInterval(() => void client.write(numberedFrame(topic, n++)), MARKER_MS);
      try {
        await daemon.waitForLog(({ msg }) => /^(stream|topic) closed/.test(msg), 30_000);
      } finally {
        clearInterval(markers);
      }
      const returned = n;
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
});
