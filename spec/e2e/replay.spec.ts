import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { LedgerRow } from '../../src/model';
import { openClient, send, type Client } from '../support/client';
import { endDaemons, launchDaemon, startDaemon, type Daemon, type Ended } from '../support/daemon';
import { addTopic, describeKafka, finalLedger, freshTopic, ownBroker, rowOf } from '../support/endToEnd';
import type { Broker } from '../support/kafka';
import { readTopic } from '../support/kcat';
import { Arrivals, filesIn, numberedFrame, numberOf } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

const STEP = 50;
const STEP_MS = 20;
const BACKLOG = 60_000;
/** A busy machine reads it so much later. */
const LAG_MS = 2_000;
/** So long no acknowledgement is missed. */
const PATIENT_MS = 20_000;

const isSentOn = ({ msg }: { readonly msg: string }): boolean => msg === 'replay: all messages are sent on';

const numbered = (topic: string, first: number, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => numberedFrame(topic, first + i)));

/** Resolves when what lies in the folder is as wanted. */
const lying = async (folder: string, wanted: (names: readonly string[]) => boolean): Promise<void> => {
  while (!wanted(await readdir(folder))) await new Promise((resolve) => setTimeout(resolve, 1));
};

/** Writes numbered messages a few at a time, and remembers when. */
const paced = (client: Client, topic: string) => {
  const sentMs: number[] = [];
  const timer = setInterval(() => {
    const first = sentMs.length;
    sentMs.push(...Array<number>(STEP).fill(Date.now()));
    void client.write(numbered(topic, first, STEP));
  }, STEP_MS);
  return {
    sentMs,
    /** Resolves when `more` messages have been written from now on. */
    further: async (more: number) => {
      const wanted = sentMs.length + more;
      while (sentMs.length < wanted) await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    },
    stop: () => clearInterval(timer),
  };
};

describeKafka('what a backup has taken', () => {
  let broker: Broker;
  ownBroker((started) => (broker = started));
  afterEach(endDaemons);

  const buckets = (ids: readonly string[], backup: object = {}, afterMs = 2000): unknown => ({
    streamsConfigs: {
      kafka: {
        type: 'kafka',
        settings: {
          'bootstrap.servers': broker.address,
          'queue.buffering.max.ms': 20,
          'reconnect.backoff.max.ms': 500,
        },
        backup: {
          type: 'file',
          settings: { path: './backup', fileNameTemplate: '{bucket}{PS}{ts}', sizeRotate: '2MB' },
          replay: true,
          ...backup,
        },
        failover: { afterMs, retryMs: 500 },
      },
    },
    buckets: ids.map((id) => ({ id, streams: ['kafka'], batch: 1000, batchTimeout: 100 })),
  });

  const row = (ended: Ended, topic: string): LedgerRow => rowOf(finalLedger(ended), topic, 'kafka');
  const backupOf = ({ folder }: Daemon): string => path.join(folder, 'backup');

  /** Kills the broker under load, and starts it again. */
  const outage = async (topic: string, backup: object) => {
    await createTopic(broker.address, topic);
    const daemon = await startDaemon({ buckets: buckets([topic], backup) });
    const client = await openClient(daemon.socket);
    const load = paced(client, topic);
    let backMs = 0;
    try {
      await awaitMessages(broker.address, topic, 1);
      await broker.stop('SIGKILL');
      await daemon.waitForLog(({ msg }) => /^(stream|topic) open/.test(msg));
      await load.further(10_000);
      backMs = Date.now();
      await broker.start();
      await daemon.waitForLog(isSentOn, 60_000);
      await load.further(2000);
    } finally {
      load.stop();
    }
    await client.end();
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    const arrivals = new Arrivals(load.sentMs.length);
    await addTopic(arrivals, broker.address, topic);
    return { daemon, arrivals, sentMs: load.sentMs, backMs, books: row(ended, topic) };
  };

  it('is in Kafka when the broker is back, with its time of arrival', async () => {
    const topic = freshTopic('replay');
    const { daemon, arrivals, sentMs, backMs, books } = await outage(topic, { replayRate: 1 });
    expect(arrivals.faults()).toMatchObject({ missing: 0, damaged: 0 });
    expect(arrivals.copies()).toBeLessThanOrEqual(books.duplicatesPossible);
    expect(books).toMatchObject({ received: sentMs.length, delivered: sentMs.length, backedUp: 0 });
    expect(await filesIn(backupOf(daemon))).toEqual([]);
    // What had come well before the broker was back was delivered after it.
    let early = 0;
    const wrong: string[] = [];
    await readTopic(broker.address, topic, ({ value, timestampMs }) => {
      const sent = sentMs[(value && numberOf(value)) ?? -1] ?? Infinity;
      const isEarly = sent <= backMs - LAG_MS;
      if (isEarly) early += 1;
      if (timestampMs < sent || (isEarly && timestampMs >= backMs)) wrong.push(`${sent}: ${timestampMs}`);
    });
    expect(wrong).toEqual([]);
    expect(early).toBeGreaterThan(0);
  }, 120_000);

  it('goes first with "ordered": the order of a key holds across the outage', async () => {
    const topic = freshTopic('ordered');
    const { daemon, arrivals, sentMs, books } = await outage(topic, { replay: 'ordered' });
    expect(arrivals.faults()).toMatchObject({ missing: 0, damaged: 0, outOfOrder: 0 });
    expect(arrivals.copies()).toBeLessThanOrEqual(books.duplicatesPossible);
    expect(books).toMatchObject({ received: sentMs.length, delivered: sentMs.length, backedUp: 0 });
    expect(await filesIn(backupOf(daemon))).toEqual([]);
  }, 120_000);

  /** A daemon whose broker was down all its life. */
  const backlog = async (topic: string, live: string): Promise<Daemon> => {
    await broker.stop('SIGKILL');
    const daemon = await startDaemon({ buckets: buckets([topic, live]) });
    await send(daemon.socket, numbered(topic, 0, BACKLOG));
    const ended = await daemon.stop();
    expect(row(ended, topic)).toMatchObject({ received: BACKLOG, backedUp: BACKLOG });
    const names = await readdir(path.join(backupOf(daemon), topic));
    expect(names.filter((name) => name.endsWith('.part'))).toEqual([]);
    await broker.start();
    await Promise.all([topic, live].map((name) => createTopic(broker.address, name)));
    return daemon;
  };

  it('is sent on by the next start, beside what is live; a SIGKILL in between loses nothing', async () => {
    const topic = freshTopic('killed');
    const live = freshTopic('live');
    const { folder } = await backlog(topic, live);

    const killed = await startDaemon({ folder, buckets: buckets([topic, live], { replayRate: 0.05 }) });
    await awaitMessages(broker.address, topic, 1);
    await send(killed.socket, numberedFrame(live, 0));
    expect(await awaitMessages(broker.address, live, 1)).toBe(1);
    const early = await awaitMessages(broker.address, topic, 1);
    expect(early).toBeLessThan(BACKLOG);
    await killed.stop('SIGKILL');

    const last = await startDaemon({ folder, buckets: buckets([topic, live], { replayRate: 1 }) });
    await last.waitForLog(isSentOn, 60_000);
    const ended = await last.stop();
    const books = row(ended, topic);
    const arrivals = new Arrivals(BACKLOG);
    await addTopic(arrivals, broker.address, topic);
    expect(arrivals.faults()).toMatchObject({ missing: 0, damaged: 0 });
    expect(arrivals.copies()).toBeLessThanOrEqual(books.duplicatesPossible);
    expect(books.recovered).toBeGreaterThanOrEqual(BACKLOG - early);
    expect(books).toMatchObject({ received: 0, delivered: books.recovered, backedUp: 0 });
    expect(await filesIn(path.join(folder, 'backup'))).toEqual([]);
  }, 120_000);

  it('waits where a clean stop comes in between, and is not sent twice', async () => {
    const topic = freshTopic('stopped');
    const live = freshTopic('live');
    const { folder } = await backlog(topic, live);

    // On a busy machine the broker is slow; what is not given up is not in doubt.
    const start = (replayRate: number): Promise<Daemon> =>
      startDaemon({ folder, buckets: buckets([topic, live], { replayRate }, PATIENT_MS) });
    const first = await start(0.05);
    await awaitMessages(broker.address, topic, 1);
    const before = row(await first.stop(), topic);
    expect(before).toMatchObject({ duplicatesPossible: 0, recovered: BACKLOG });
    expect(before.backedUp).toBeGreaterThan(0);

    const last = await start(1);
    await last.waitForLog(isSentOn, 60_000);
    expect(row(await last.stop(), topic)).toMatchObject({ recovered: before.backedUp, duplicatesPossible: 0 });
    const arrivals = new Arrivals(BACKLOG);
    await addTopic(arrivals, broker.address, topic);
    expect(arrivals.faults()).toMatchObject({ missing: 0, twice: 0, damaged: 0 });
    expect(existsSync(path.join(folder, 'spool'))).toBe(false);
    expect((await stat(path.join(folder, 'backup'))).isDirectory()).toBe(true);
  }, 120_000);

  it('keeps its order with "ordered", where a SIGKILL and a clean stop come in between', async () => {
    const topic = freshTopic('inOrder');
    const live = 1000;
    const { folder } = await backlog(topic, freshTopic('other'));
    const options = { folder, buckets: buckets([topic], { replay: 'ordered' }) };

    const files = path.join(folder, 'backup', topic);
    const isFile = (name: string): boolean => /^\d+(-\d+)?$/.test(name);

    const killed = await launchDaemon(options);
    await lying(files, (names) => names.some((name) => name.endsWith('.progress')));
    await killed.stop('SIGKILL');

    const left = (await readdir(files)).filter(isFile).length;
    const stopped = await startDaemon(options);
    await send(stopped.socket, numbered(topic, BACKLOG, live));
    await lying(files, (names) => names.filter(isFile).length < left);
    const before = row(await stopped.stop(), topic);
    expect(before.received).toBe(live);

    const last = await startDaemon(options);
    if (before.backedUp > 0) await last.waitForLog(isSentOn, 60_000);
    const after = row(await last.stop(), topic);
    const arrivals = new Arrivals(BACKLOG + live);
    await addTopic(arrivals, broker.address, topic);
    expect(arrivals.faults()).toMatchObject({ missing: 0, damaged: 0, outOfOrder: 0 });
    expect(arrivals.copies()).toBeLessThanOrEqual(before.duplicatesPossible + after.duplicatesPossible);
    expect(after).toMatchObject({ delivered: after.recovered, backedUp: 0 });
    expect(await filesIn(path.join(folder, 'backup'))).toEqual([]);
  }, 120_000);
});
