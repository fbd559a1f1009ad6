import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { endDaemons, launchDaemon, type Daemon } from '../support/daemon';
import {
  addTopic,
  brokers,
  describeKafka,
  finalLedger,
  freshTopic,
  noBroker,
  ROOT,
  rowOf,
  sendFromPhp,
} from '../support/endToEnd';
import { addFiles, Arrivals, NO_FAULTS } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

const MESSAGES = 100_000;
const SPEC_MS = 120_000;

/** `npm start` on the sample configuration, in a folder of its own; Kafka is at `address`, the bucket `requests` is called `bucket`. */
const startSample = async (address: string, bucket: string): Promise<Daemon> => {
  const sample = await readFile(path.join(ROOT, 'buckets.json'), 'utf8');
  const daemon = await launchDaemon({
    buckets: sample.replace('127.0.0.1:9092', address).replace('"requests"', `"${bucket}"`),
    command: [process.execPath, path.join(ROOT, 'scripts/start.mjs')],
  });
  await daemon.waitForLog(({ msg }) => msg === 'listening', 60_000);
  return daemon;
};

afterEach(endDaemons);

describeKafka('a PHP program sends 100,000 messages of 200 bytes to 8 KB over 4 connections', () => {
  it(
    'and each is in Kafka once, in order per key, and in the copy files',
    async () => {
      const topic = freshTopic('php');
      await createTopic(brokers(), topic, 3);
      const daemon = await startSample(brokers(), topic);
      await sendFromPhp({ socket: daemon.socket, bucket: topic, messages: MESSAGES });
      expect(await awaitMessages(brokers(), topic, MESSAGES)).toBe(MESSAGES);
      const ended = await daemon.stop();

      expect(ended.code).toBe(0);
      const ledger = finalLedger(ended);
      expect(rowOf(ledger, topic, 'kafka_01')).toMatchObject({ received: MESSAGES, delivered: MESSAGES });
      expect(rowOf(ledger, topic, 'file_copy')).toMatchObject({ received: MESSAGES, delivered: MESSAGES });
      const inKafka = new Arrivals(MESSAGES);
      await addTopic(inKafka, brokers(), topic);
      expect(inKafka.faults()).toEqual(NO_FAULTS);
      const inCopy = new Arrivals(MESSAGES);
      await addFiles(inCopy, path.join(daemon.folder, 'data/copy'));
      expect(inCopy.faults()).toEqual(NO_FAULTS);
    },
    SPEC_MS,
  );

  it(
    'and with no broker each is in the backup files and in the copy files',
    async () => {
      const daemon = await startSample(await noBroker(), 'requests');
      await sendFromPhp({ socket: daemon.socket, messages: MESSAGES });
      const ended = await daemon.stop();

      expect(ended.code).toBe(0);
      const ledger = finalLedger(ended);
      expect(rowOf(ledger, 'requests', 'kafka_01')).toMatchObject({ received: MESSAGES, backedUp: MESSAGES });
      for (const files of ['data/backup', 'data/copy']) {
        const arrivals = new Arrivals(MESSAGES);
        await addFiles(arrivals, path.join(daemon.folder, files));
        expect(arrivals.faults()).toEqual(NO_FAULTS);
      }
    },
    SPEC_MS,
  );
});
