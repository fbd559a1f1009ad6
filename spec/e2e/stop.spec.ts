import path from 'node:path';
import { openClient, type Client } from '../support/client';
import { endDaemons, startDaemon } from '../support/daemon';
import {
  addTopic,
  brokers,
  describeKafka,
  fileStream,
  finalLedger,
  freshTopic,
  kafkaWithBackup,
  noBroker,
  oneBucket,
  rowOf,
} from '../support/endToEnd';
import { addFiles, Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

afterEach(endDaemons);

const WRITE_FRAMES = 100;

/** Writes numbered frames, a hundred at a time, until the daemon closes the connection. */
const writeUntilClosed = async (client: Client, bucket: string): Promise<void> => {
  const closed = client.closed.then(() => false);
  for (let n = 0, open = true; open; n += WRITE_FRAMES) {
    const frames = Array.from({ length: WRITE_FRAMES }, (_, i) => numberedFrame(bucket, n + i));
    const written = client.write(Buffer.concat(frames)).then(
      () => true,
      () => closed,
    );
    open = await Promise.race([written, closed]);
  }
};

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const)(
    'on %s ends with exit code 0 and a ledger that adds up, with an idle client connected',
    async (signal) => {
      const daemon = await startDaemon({ buckets: oneBucket('b', { copy: fileStream() }) });
      const idle = await openClient(daemon.socket);
      const busy = await openClient(daemon.socket);
      await busy.write(Buffer.concat(Array.from({ length: 1000 }, (_, n) => numberedFrame('b', n))));
      const ended = await daemon.stop(signal);
      await Promise.all([idle.closed, busy.closed]);

      expect(ended.code).toBe(0);
      expect(rowOf(finalLedger(ended), 'b', 'copy')).toMatchObject({ received: 1000, delivered: 1000 });
      const arrivals = new Arrivals(1000);
      await addFiles(arrivals, path.join(daemon.folder, 'copy'));
      expect(arrivals.faults()).toEqual(NO_FAULTS);
    },
  );

  it('takes what clients have sent that are not accepted yet', async () => {
    const daemon = await startDaemon({ buckets: oneBucket('b', { copy: fileStream() }) });
    const clients = await Promise.all(Array.from({ length: 200 }, () => openClient(daemon.socket)));
    await Promise.all(clients.map(({ write }, n) => write(numberedFrame('b', n))));
    for (const { socket } of clients) socket.end();
    const ended = await daemon.stop();

    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger(ended), 'b', 'copy').delivered).toBe(200);
  });

  it('frees the socket: the next daemon listens on it', async () => {
    const options = { buckets: oneBucket('b', { copy: fileStream() }) };
    const first = await startDaemon(options);
    expect((await first.stop()).code).toBe(0);
    const second = await startDaemon({ ...options, folder: first.folder });
    expect((await second.stop()).code).toBe(0);
  });

  it('under load without a broker loses nothing that it accepted: all of it is in the backup', async () => {
    const streams = { kafka: kafkaWithBackup(await noBroker()) };
    const daemon = await startDaemon({ buckets: oneBucket('b', streams), env: { DRAIN_TIMEOUT: '5s' } });
    const client = await openClient(daemon.socket);
    const writing = writeUntilClosed(client, 'b');
    await daemon.waitForLog(({ msg }) => msg.startsWith('stream open'));
    const ended = await daemon.stop();
    await writing;

    expect(ended.code).toBe(0);
    const { received, backedUp } = rowOf(finalLedger(ended), 'b', 'kafka');
    expect(backedUp).toBe(received);
    const arrivals = new Arrivals(received);
    await addFiles(arrivals, path.join(daemon.folder, 'backup'));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
  }, 60_000);
});

describeKafka('a stop with Kafka', () => {
  it('under load loses nothing that it accepted', async () => {
    const topic = freshTopic('stop');
    await createTopic(brokers(), topic);
    const daemon = await startDaemon({ buckets: oneBucket(topic, { kafka: kafkaWithBackup(brokers()) }) });
    const client = await openClient(daemon.socket);
    const writing = writeUntilClosed(client, topic);
    await awaitMessages(brokers(), topic, 20_000);
    const ended = await daemon.stop();
    await writing;

    expect(ended.code).toBe(0);
    const { received, delivered } = rowOf(finalLedger(ended), topic, 'kafka');
    expect(delivered).toBe(received);
    const arrivals = new Arrivals(received);
    expect(await addTopic(arrivals, brokers(), topic)).toBe(received);
    expect(arrivals.faults()).toEqual(NO_FAULTS);
  }, 60_000);
});
