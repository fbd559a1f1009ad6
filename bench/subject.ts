import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { awaitMessages } from '../spec/support/topics';
import type { Load, Sent } from './load';
import type { Shape } from './shapes';
import { cpuSeconds, peakMegabytes } from './usage';

/** One run to make: into a new topic, with the broker's address. */
export interface Run {
  readonly shape: Shape;
  readonly brokers: string;
  readonly topic: string;
  readonly keys: boolean;
  /** An empty folder of its own. */
  readonly folder: string;
}

export interface Result {
  readonly cpuMicros: number;
  readonly perSecond: number;
  readonly peakMegabytes: number;
  readonly sent: number;
  readonly delivered: number;
}

/** Something that is measured. */
export interface Subject {
  readonly name: string;
  /** Why it cannot run here; undefined when it can. */
  readonly missing: () => string | undefined;
  readonly takes: (shape: Shape) => boolean;
  readonly measure: (run: Run) => Promise<Result>;
}

/** The same Kafka settings for everyone, by librdkafka's names. */
export const KAFKA_SETTINGS: Readonly<Record<string, string>> = {
  acks: 'all',
  'compression.codec': 'snappy',
  'queue.buffering.max.ms': '1000',
  'batch.num.messages': '50000',
  'queue.buffering.max.messages': '500000',
};

const DELIVERY_TIMEOUT_MS = 60_000;

/** Sent before the measuring, as fast as it is taken: daemons run for weeks, so that start and first compilation are not counted. */
const WARM_UP_MESSAGES = 100_000;

/** Sends a load, from a process of its own that is ready when `started` is called. */
const send = async (load: Load, started: () => void): Promise<number> => {
  const generator = fork(path.join(__dirname, 'load.ts'), [JSON.stringify(load)], {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
  });
  try {
    await once(generator, 'message');
    started();
    const sending = once(generator, 'message') as Promise<[Sent]>;
    generator.send('go');
    const [{ sent }] = await sending;
    return sent;
  } finally {
    generator.kill('SIGKILL');
  }
};

/**
 * Sends a load into a running, warm daemon: its CPU from just before the first message until all of them stand in the topic.
 */
export const measureDaemon = async (
  pid: number,
  { shape, brokers, topic, keys }: Run,
  socket: string,
  framing: Load['framing'],
): Promise<Result> => {
  const warmUp = { socket, shape: { ...shape, perSecond: undefined, messages: WARM_UP_MESSAGES }, framing, keys };
  const before = await send(warmUp, () => undefined);
  await awaitMessages(brokers, topic, before, { timeoutMs: DELIVERY_TIMEOUT_MS });

  let cpuBefore = NaN;
  let startedMs = NaN;
  const sent = await send({ socket, shape, framing, keys }, () => {
    cpuBefore = cpuSeconds(pid);
    startedMs = performance.now();
  });
  const delivered = await awaitMessages(brokers, topic, before + sent, { timeoutMs: DELIVERY_TIMEOUT_MS });
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    cpuMicros: ((cpuSeconds(pid) - cpuBefore) * 1e6) / sent,
    perSecond: sent / seconds,
    peakMegabytes: peakMegabytes(pid),
    sent,
    delivered: delivered - before,
  };
};
