/** A daemon with something to show: a stream that flows, one whose Kafka is not there, a sample, and clients that never rest. */
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeFrame } from '../../src/wire/frame';
import { openClient } from './client';
import { startDaemon, type Daemon, type DaemonOptions } from './daemon';
import { freePorts } from './kafka';

/** Messages a second that clients send to each bucket. */
const RATES: Readonly<Record<string, number>> = {
  requests: 1800,
  'checkout.events': 640,
  'search.queries': 320,
  'php.errors': 75,
  mails: 12,
};
const EVERY_MS = 100;

export interface Demo {
  readonly daemon: Daemon;
  /** `http://127.0.0.1:PORT/` */
  readonly url: string;
  /** Lets the clients rest. */
  readonly rest: () => Promise<void>;
}

/** Where the daemon serves HTTP, as its log says. */
export const urlOf = async (daemon: Daemon): Promise<string> => {
  const { at } = await daemon.waitForLog(({ msg }) => msg === 'http: serving');
  return String(at);
};

const files = (folder: string): object => ({
  type: 'file',
  settings: { path: folder, fileNameTemplate: '{bucket}{PS}{ts}' },
});

const configuration = async (): Promise<unknown> => ({
  streamsConfigs: {
    kafka_01: {
      type: 'kafka',
      settings: { 'bootstrap.servers': `127.0.0.1:${(await freePorts(1))[0]}`, 'queue.buffering.max.ms': 50 },
      backup: { type: 'file', replay: true, settings: { path: './backup', fileNameTemplate: '{bucket}{PS}{ts}' } },
      failover: { afterMs: 1000, retryMs: 2000 },
    },
    archive: files('./archive'),
    sample: { ...files('./sample'), slice: 0.1 },
  },
  buckets: [
    { id: 'requests', streams: ['kafka_01', 'archive'], batch: 1000, batchTimeout: 200 },
    ...Object.keys(RATES)
      .slice(1)
      .map((id) => ({ id, streams: ['archive', 'sample'], batch: 1000, batchTimeout: 200 })),
  ],
});

/** Starts it; it ends with `endDaemons`. */
export const startDemo = async (options: DaemonOptions = {}): Promise<Demo> => {
  const daemon = await startDaemon({
    buckets: await configuration(),
    ...options,
    env: { HTTP: '127.0.0.1:0', HTTP_MESSAGES: 1, ...options.env },
  });
  let resting = false;
  const sendUntilRest = async (bucket: string, rate: number): Promise<void> => {
    const client = await openClient(daemon.socket);
    for (let n = 0; !resting; n += 1) {
      const count = Math.max(1, Math.round(((rate * EVERY_MS) / 1000) * (1 + 0.35 * Math.sin(n / 17 + rate))));
      await client.write(Buffer.concat(Array.from({ length: count }, (_, m) => encodeFrame(bucket, `{"n":${n + m}}`))));
      await sleep(EVERY_MS);
    }
    await client.end();
  };
  /** A daemon that is ended ends its clients. */
  const keepSending = (bucket: string, rate: number): Promise<void> =>
    sendUntilRest(bucket, rate).catch(() => undefined);
  const sending = [
    ...Object.entries(RATES).map(([bucket, rate]) => keepSending(bucket, rate)),
    keepSending('no-such-bucket', 3),
  ];
  return {
    daemon,
    url: await urlOf(daemon),
    rest: async () => {
      resting = true;
      await Promise.all(sending);
    },
  };
};
