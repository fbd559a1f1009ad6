import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import { encodeFrame } from '../../src/wire/frame';
import { encodeSync } from '../../src/wire/sync';
import { openClient } from '../support/client';
import { endDaemons, startDaemon, type Daemon } from '../support/daemon';
import {
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
import { addFiles, Arrivals, filesIn, NO_FAULTS, numberedFrame } from '../support/numbered';
import { openSyncClient, type SyncClient } from '../support/syncClient';
import { awaitMessages, createTopic } from '../support/topics';
import { until } from '../support/until';
import { fromHex } from '../vectors/frames';
import { conversations } from '../vectors/syncs';

/** Nothing but a sync closes a batch of these. */
const SLOW = { batch: 1_000_000, batchTimeout: 600_000 };

const slowBuckets = (
  ids: readonly string[],
  streamsConfigs: Readonly<Record<string, unknown>>,
  parts: object = {},
) => ({
  streamsConfigs,
  buckets: ids.map((id) => ({ id, streams: Object.keys(streamsConfigs), ...SLOW, ...parts })),
});

const numbered = (bucket: string, from: number, to: number): Buffer =>
  Buffer.concat(Array.from({ length: to - from }, (_, n) => numberedFrame(bucket, from + n)));

const inFiles = async (daemon: Daemon, bucket: string, count: number): Promise<Arrivals> => {
  const arrivals = new Arrivals(count);
  await addFiles(arrivals, path.join(daemon.folder, 'copy', bucket));
  return arrivals;
};

/** Sends messages and a sync, and resolves with the answer. */
const synced = async (client: SyncClient, bytes: Buffer, token = 1) => {
  const before = client.answers.length;
  client.socket.write(Buffer.concat([bytes, encodeSync(token)]));
  return (await client.answered(before + 1)).at(-1);
};

/** Descriptors of the daemon that are sockets. */
const socketsOf = (pid: number): number =>
  readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith('socket:');
    } catch {
      return false;
    }
  }).length;

const residentMb = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

afterEach(endDaemons);

/** A client waits for an answer that a stop, or a reload, gives: nothing takes its message. */
const withNoWayOut = async () => {
  const unreachable = { type: 'kafka', settings: { 'bootstrap.servers': await noBroker() } };
  const buckets = slowBuckets(['b'], { kafka: unreachable });
  const daemon = await startDaemon({ buckets, env: { DRAIN_TIMEOUT: '1s' } });
  const client = await openSyncClient(daemon.socket);
  client.socket.write(Buffer.concat([encodeFrame('b', 'm'), encodeSync(1)]));
  return { daemon, client };
};

describe('a sync', () => {
  it('is answered as the vectors say', async () => {
    const daemon = await startDaemon({ buckets: slowBuckets(['b', 'c'], { copy: fileStream() }) });
    for (const { sent, answers } of conversations) {
      const client = await openSyncClient(daemon.socket);
      client.socket.end(fromHex(sent));
      await client.closed;
      expect(client.answers).toEqual(answers);
    }
    expect((await daemon.stop()).code).toBe(0);
  });

  it('is answered when the messages stand in the file', async () => {
    const daemon = await startDaemon({ buckets: slowBuckets(['b'], { copy: fileStream() }) });
    const client = await openSyncClient(daemon.socket);
    for (let n = 0; n < 5; n += 1) {
      expect(await synced(client, numbered('b', 1000 * n, 1000 * (n + 1)), n)).toEqual({
        ...{ token: n, status: 0, messages: 1000 },
      });
      expect((await inFiles(daemon, 'b', 1000 * (n + 1))).faults()).toEqual(NO_FAULTS);
    }
    client.socket.end();
    await client.closed;
    expect((await daemon.stop()).code).toBe(0);
  });

  it('waits for the disk where the bucket has a journal, and then for its streams', async () => {
    const daemon = await startDaemon({
      buckets: slowBuckets(['b'], { copy: fileStream() }, { durability: 'journal' }),
    });
    const client = await openSyncClient(daemon.socket);
    expect(await synced(client, numbered('b', 0, 1000))).toEqual({ token: 1, status: 0, messages: 1000 });
    expect((await inFiles(daemon, 'b', 1000)).faults()).toEqual(NO_FAULTS);
  });

  it('tells of what was dropped', async () => {
    const daemon = await startDaemon({ buckets: slowBuckets(['b'], { copy: fileStream() }), env: { MAX_FRAME: 1024 } });
    const client = await openSyncClient(daemon.socket);
    expect(await synced(client, encodeFrame('b', 'x'.repeat(2000)))).toEqual({ token: 1, status: 2, messages: 1 });
    expect(await synced(client, encodeFrame('unknown', 'm'))).toEqual({ token: 1, status: 2, messages: 1 });
    expect(await synced(client, encodeFrame('b', 'm'))).toEqual({ token: 1, status: 0, messages: 1 });
  });

  it('is answered at a stop, behind its messages', async () => {
    const daemon = await startDaemon({ buckets: slowBuckets(['b'], { copy: fileStream() }) });
    const client = await openSyncClient(daemon.socket);
    client.socket.write(numbered('b', 0, 500));
    client.socket.write(encodeSync(9));
    const [ended] = await Promise.all([daemon.stop(), client.closed]);
    expect(client.answers).toEqual([{ token: 9, status: 0, messages: 500 }]);
    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger(ended), 'b', 'copy').delivered).toBe(500);
  });

  it('gets no better answer than the truth where a stop leaves its messages behind', async () => {
    const { daemon, client } = await withNoWayOut();
    await Promise.all([daemon.stop(), client.closed]);
    expect(client.answers.map(({ status }) => status)).toEqual([1]);
  });

  it('is answered through a reload, with what became of its messages', async () => {
    const { daemon, client } = await withNoWayOut();
    await writeFile(
      path.join(daemon.folder, 'buckets.json'),
      JSON.stringify(slowBuckets(['b'], { copy: fileStream() })),
    );
    kill(daemon.pid, 'SIGHUP');
    await daemon.waitForLog(({ msg }) => /^reloaded|^configuration reloaded/.test(msg));
    expect(await synced(client, encodeFrame('b', 'n'), 2)).toEqual({ token: 2, status: 0, messages: 1 });
    expect(client.answers[0]).toMatchObject({ token: 1, messages: 1 });
    expect(client.answers[0]?.status).toBeGreaterThan(0);
  });
});

describe('clients that sync', () => {
  it('as fast as they can, are all answered, in order', async () => {
    const [clients, syncs] = [10, 2000];
    const daemon = await startDaemon({ buckets: slowBuckets(['b'], { copy: fileStream() }) });
    const all = await Promise.all(Array.from({ length: clients }, () => openSyncClient(daemon.socket)));
    await Promise.all(
      all.map(async (client, c) => {
        for (let n = 0; n < syncs; n += 1)
          if (!client.socket.write(Buffer.concat([numberedFrame('b', c * syncs + n), encodeSync(n)])))
            await once(client.socket, 'drain');
        await client.answered(syncs);
        client.socket.end();
        await client.closed;
      }),
    );
    for (const { answers } of all)
      expect(answers).toEqual(Array.from({ length: syncs }, (_, token) => ({ token, status: 0, messages: 1 })));
    expect((await inFiles(daemon, 'b', clients * syncs)).faults()).toMatchObject({ missing: 0, twice: 0 });
    expect((await daemon.stop()).code).toBe(0);
  });

  it('and read no answer, are not read at some point; others are, and memory stays bounded', async () => {
    const daemon = await startDaemon({ buckets: slowBuckets(['b'], { copy: fileStream() }) });
    const deaf = await openSyncClient(daemon.socket);
    deaf.socket.pause();
    const burst = Buffer.concat(Array.from({ length: 10_000 }, (_, n) => encodeSync(n)));
    let bursts = 0;
    const blocked = async (): Promise<boolean> => {
      bursts += 1;
      if (deaf.socket.write(burst)) return false;
      const drained = once(deaf.socket, 'drain').then(() => false);
      return Promise.race([drained, new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 1000))]);
    };
    while (!(await blocked())) expect(bursts).toBeLessThan(200);

    const other = await openSyncClient(daemon.socket);
    expect(await synced(other, numbered('b', 0, 1000))).toEqual({ token: 1, status: 0, messages: 1000 });
    expect(residentMb(daemon.pid)).toBeLessThan(200);

    deaf.socket.resume();
    const answers = await deaf.answered(bursts * 10_000);
    expect(answers.every(({ token, status, messages }, n) => token === n % 10_000 && status + messages === 0)).toBe(
      true,
    );
    expect((await daemon.stop()).code).toBe(0);
  });

  it('and go away at once, over and over, leave nothing behind but their messages', async () => {
    const [rounds, each] = [20, 50];
    const daemon = await startDaemon({ buckets: slowBuckets(['b'], { copy: fileStream() }) });
    const before = socketsOf(daemon.pid);
    for (let round = 0; round < rounds; round += 1)
      await Promise.all(
        Array.from({ length: each }, async (_, n) => {
          const { socket } = await openClient(daemon.socket);
          const bytes = Buffer.concat([numberedFrame('b', round * each + n), encodeSync(1)]);
          await new Promise((resolve) => socket.write(bytes, resolve));
          socket.destroy();
        }),
      );
    await until(
      () => socketsOf(daemon.pid),
      (open) => open === before,
    );
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    expect((await inFiles(daemon, 'b', rounds * each)).faults()).toMatchObject({ missing: 0, twice: 0 });
  });

  it('and go away while nothing can be delivered, do not use up the connections', async () => {
    const unreachable = { type: 'kafka', settings: { 'bootstrap.servers': await noBroker() } };
    const daemon = await startDaemon({
      buckets: slowBuckets(['b'], { kafka: unreachable }),
      env: { DRAIN_TIMEOUT: '1s' },
    });
    const before = socketsOf(daemon.pid);
    for (let n = 0; n < 50; n += 1) {
      const { socket } = await openClient(daemon.socket);
      const bytes = Buffer.concat([encodeFrame('b', 'm'), encodeSync(1)]);
      await new Promise((resolve) => socket.write(bytes, resolve));
      socket.destroy();
    }
    await until(
      () => socketsOf(daemon.pid),
      (open) => open <= before + 1,
    );
    await daemon.stop();
  });
});

describeKafka('a sync, with Kafka', () => {
  const kafka = (address: string): unknown => ({
    type: 'kafka',
    settings: { 'bootstrap.servers': address, 'queue.buffering.max.ms': 60_000, acks: 'all' },
  });

  it('is answered when Kafka has acknowledged all, long before the batch would have been closed', async () => {
    const topic = freshTopic('sync');
    await createTopic(brokers(), topic);
    const daemon = await startDaemon({
      buckets: slowBuckets([topic], { kafka: kafka(brokers()), copy: fileStream() }),
    });
    const client = await openSyncClient(daemon.socket);
    const count = 5000;
    expect(await synced(client, numbered(topic, 0, count))).toEqual({ token: 1, status: 0, messages: count });
    expect(await awaitMessages(brokers(), topic, count)).toBe(count);
    expect((await inFiles(daemon, topic, count)).faults()).toEqual(NO_FAULTS);
    expect((await daemon.stop()).code).toBe(0);
  });

  it('tells that messages lie in the backup while no broker is there', async () => {
    const daemon = await startDaemon({ buckets: oneBucket('b', { kafka: kafkaWithBackup(await noBroker()) }) });
    const client = await openSyncClient(daemon.socket);
    expect(await synced(client, numbered('b', 0, 100))).toEqual({ token: 1, status: 1, messages: 100 });
    const arrivals = new Arrivals(100);
    await addFiles(arrivals, path.join(daemon.folder, 'backup', 'b'));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
    expect(await filesIn(path.join(daemon.folder, 'backup', 'b'))).toHaveLength(1);
    expect((await daemon.stop()).code).toBe(0);
  });
});
