import path from 'node:path';
import { kill } from 'node:process';
import { encodeFrame } from '../../src/wire/frame';
import { openClient, send } from '../support/client';
import { endDaemons, startDaemon } from '../support/daemon';
import { onSmallDisk } from '../support/disks';
import {
  addTopic,
  describeKafka,
  fileStream,
  finalLedger,
  freshTopic,
  noBroker,
  oneBucket,
  ownBroker,
  rowOf,
} from '../support/endToEnd';
import { itMounts } from '../support/itMounts';
import type { Broker } from '../support/kafka';
import { addFiles, Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { memoryOf, startPushers } from '../support/pushers';
import { awaitMessages, createTopic } from '../support/topics';

const MB = 1024 * 1024;
const WRITE_BYTES = 64 * 1024;
/** Takes longer: all sizes of memory. Set it to any value. */
const isLong = process.env['KAHETS_MEMORY'] !== undefined;

afterEach(endDaemons);

const kafka = (address: string): Record<string, unknown> => ({
  type: 'kafka',
  settings: {
    'bootstrap.servers': address,
    'linger.ms': 50,
    'compression.codec': 'snappy',
    'reconnect.backoff.max.ms': 500,
  },
});

const repeat = (bytes: number, frame: (n: number) => Buffer): Buffer => {
  const frames: Buffer[] = [];
  let size = 0;
  for (let n = 0; size < bytes; n += 1) {
    const one = frame(n);
    frames.push(one);
    size += one.length;
  }
  return Buffer.concat(frames);
};

const message = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');
const small = repeat(WRITE_BYTES, () => encodeFrame('b', message(200), 'key'));
const large = encodeFrame('b', message(8 * MB - 100), 'key');
const half = large.subarray(0, 6 * MB);
const smallHalf = encodeFrame('b', message(100_000), 'key').subarray(0, 70_000);
let bucket = 0;
/** Each message in another one of 10,000 buckets. */
const scattered = (bytes: number): Buffer =>
  repeat(WRITE_BYTES, () => encodeFrame(`b-${(bucket += 7919) % 10_000}`, message(bytes)));

interface Case {
  readonly clients?: number;
  readonly chunk: () => Buffer;
  /** Each client writes once. */
  readonly once?: boolean;
  readonly streams?: (down: string) => Record<string, unknown>;
  readonly bucket?: Record<string, unknown>;
}

const oneDown = (down: string): Record<string, unknown> => ({ kafka: kafka(down) });

const cases: Readonly<Record<string, Case>> = {
  'messages of 200 bytes': { chunk: () => small },
  'messages of 8 MB': { chunk: () => large },
  'half frames of 8 MB': { chunk: () => half, once: true },
  '1,000 half frames': { clients: 1000, chunk: () => smallHalf, once: true },
  'open batches larger than the mark': {
    chunk: () => small,
    bucket: { batch: 2_147_483_647, batchTimeout: 2_147_483_647 },
    streams: (down) => ({
      kafka: {
        ...kafka(down),
        settings: { 'bootstrap.servers': down, 'linger.ms': 900_000, 'message.timeout.ms': 0 },
      },
    }),
  },
  '1,000 connections': { clients: 1000, chunk: () => small },
  '10,000 buckets of few messages': { chunk: () => scattered(200) },
  '10,000 buckets of few messages of one byte': { chunk: () => scattered(1) },
  'a slice of a hundredth': { chunk: () => small, streams: (down) => ({ kafka: { ...kafka(down), slice: 0.01 } }) },
  'several streams': {
    chunk: () => small,
    streams: (down) => ({ k1: kafka(down), k2: kafka(down), k3: { ...kafka(down), slice: 0.5 }, file: fileStream() }),
  },
};

const QUICK: readonly (readonly [number, string])[] = [
  [160, 'messages of 200 bytes'],
  [160, 'half frames of 8 MB'],
  [160, '10,000 buckets of few messages'],
  [250, 'messages of 8 MB'],
];
const ALL = [160, 250, 1024].flatMap((mb) => Object.keys(cases).map((name) => [mb, name] as const));

describe('MAXMEMORY while nothing can be delivered and clients push as fast as they can', () => {
  it.each(isLong ? ALL : QUICK)(
    '%s MB: %s',
    async (maxMb, name) => {
      const {
        clients = 50,
        chunk,
        once = false,
        streams = oneDown,
        bucket: settings,
      } = cases[name] ?? {
        chunk: () => small,
      };
      const streamsConfigs = streams(await noBroker());
      const daemon = await startDaemon({
        env: { MAXMEMORY: `${maxMb}MB`, DRAIN_TIMEOUT: 0 },
        buckets: { streamsConfigs, defaultBucket: { streams: Object.keys(streamsConfigs), ...settings } },
      });
      const sent = new Set<number>();
      const pushers = await startPushers(daemon.socket, clients, (client) => {
        if (once && sent.has(client)) return undefined;
        sent.add(client);
        return chunk();
      });
      await pushers.stalled();
      const { peakMb } = await memoryOf(daemon.pid);
      expect(peakMb).toBeLessThanOrEqual(maxMb);
    },
    60_000,
  );
});

describe('a bucket that drops while memory is full', () => {
  it('lets its clients never wait, counts what it drops, and those of other buckets wait', async () => {
    const streams = ['kafka', 'copy'];
    const [blocks, drops] = ['b', 'd'];
    const daemon = await startDaemon({
      env: { MAXMEMORY: '160MB', DRAIN_TIMEOUT: 0 },
      buckets: {
        streamsConfigs: { kafka: kafka(await noBroker()), copy: fileStream() },
        buckets: [
          { id: blocks, streams },
          { id: drops, streams, whenFull: 'drop' },
        ],
      },
    });
    const blocked = await startPushers(daemon.socket, 10, () => small);
    await blocked.stalled();
    const before = blocked.written();

    const total = 200_000;
    const client = await openClient(daemon.socket);
    const frame = numberedFrame(drops, 0);
    const chunk = Buffer.concat(Array.from({ length: 1000 }, () => frame));
    for (let n = 0; n < total; n += 1000) await client.write(chunk);
    await client.end();
    // New connections too, of which nothing is known before they are read.
    await Promise.all(Array.from({ length: 20 }, () => send(daemon.socket, frame)));

    expect(blocked.written()).toBe(before);
    expect((await memoryOf(daemon.pid)).peakMb).toBeLessThanOrEqual(160);
    const ended = await daemon.stop();
    const rows = finalLedger(ended);
    for (const stream of streams)
      expect(rowOf(rows, drops, stream)).toMatchObject({
        received: total + 20,
        dropped: { memory_full: total + 20 },
      });
    expect(rowOf(rows, blocks, 'kafka').dropped).not.toHaveProperty('memory_full');
    expect(ended.lines.filter(({ msg }) => msg === 'memory is full, messages dropped').length).toBeLessThan(20);
  }, 60_000);
});

describeKafka('memory with a broker', () => {
  let broker: Broker;
  ownBroker((started) => (broker = started));
  afterEach(endDaemons);

  itMounts(
    'holds while primary and backup are both down, and nothing is lost',
    () =>
      onSmallDisk(1024 * 1024, async (disk) => {
        const topic = freshTopic('memory');
        await createTopic(broker.address, topic);
        const backup = { type: 'file', settings: { path: disk, fileNameTemplate: '{bucket}' } };
        const daemon = await startDaemon({
          env: { MAXMEMORY: '160MB' },
          buckets: oneBucket(topic, {
            kafka: { ...kafka(broker.address), backup, failover: { afterMs: 2000, retryMs: 500 } },
          }),
        });
        let n = 0;
        const next = (): Buffer => Buffer.concat(Array.from({ length: 300 }, () => numberedFrame(topic, n++)));
        await send(daemon.socket, next());
        // Partitions are known, so that what comes is encoded.
        await awaitMessages(broker.address, topic, n);
        await broker.stop('SIGKILL');
        const pushers = await startPushers(daemon.socket, 50, next);
        await daemon.waitForLog(({ msg }) => msg === 'memory is full, clients wait');
        await pushers.stalled();
        const { peakMb } = await memoryOf(daemon.pid);
        await broker.start();
        await pushers.finish();
        // It reads on afterwards.
        await send(daemon.socket, next());
        const ended = await daemon.stop();

        expect(peakMb).toBeLessThanOrEqual(160);
        const row = rowOf(finalLedger(ended), topic, 'kafka');
        expect(row).toMatchObject({ received: n, dropped: {}, deadLettered: 0 });
        const arrivals = new Arrivals(n);
        await addTopic(arrivals, broker.address, topic);
        await addFiles(arrivals, disk);
        expect(arrivals.faults()).toMatchObject({ missing: 0, damaged: 0 });
        expect(arrivals.faults().twice).toBeLessThanOrEqual(row.duplicatesPossible);
      }),
    90_000,
  );

  it('is shared: one stream that hangs stops neither clients nor other streams', async () => {
    const topic = freshTopic('shared');
    await createTopic(broker.address, topic);
    const blackhole = { type: 'blackhole' };
    const daemon = await startDaemon({
      env: { MAXMEMORY: '160MB', DRAIN_TIMEOUT: '1s' },
      buckets: oneBucket(topic, {
        hung: { ...kafka(broker.address), backup: blackhole, failover: { afterMs: 60_000, retryMs: 60_000 } },
        copy: fileStream(),
      }),
    });
    await send(daemon.socket, numberedFrame(topic, 0));
    await awaitMessages(broker.address, topic, 1);
    kill(broker.pid() ?? 0, 'SIGSTOP');
    const total = 300_000;
    const client = await openClient(daemon.socket);
    for (let n = 1; n <= total; n += 300)
      await client.write(Buffer.concat(Array.from({ length: 300 }, (_, i) => numberedFrame(topic, n + i))));
    await client.end();
    const { peakMb } = await memoryOf(daemon.pid);
    const ended = await daemon.stop();
    kill(broker.pid() ?? 0, 'SIGCONT');

    expect(peakMb).toBeLessThanOrEqual(160);
    // All was read before any breaker opened: the share alone handed over.
    expect(ended.lines.filter(({ msg }) => /^(stream|topic) open/.test(msg))).toEqual([]);
    const rows = finalLedger(ended);
    expect(rowOf(rows, topic, 'copy')).toMatchObject({ received: total + 1, delivered: total + 1 });
    expect(rowOf(rows, topic, 'hung')).toMatchObject({ received: total + 1, dropped: {} });
    const arrivals = new Arrivals(total + 1);
    await addFiles(arrivals, path.join(daemon.folder, 'copy'));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
  }, 90_000);
});
