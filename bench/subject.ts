import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { Load, Sent } from './load';
import type { Shape } from './shapes';
import { awaitAll } from './topics';
import { cpuSeconds, peakMegabytes } from './usage';

/** One run to make: into new topics, with the broker's address. */
export interface Run {
  readonly shape: Shape;
  readonly brokers: string;
  /** All of one length. */
  readonly topics: readonly string[];
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

/** A daemon that listens. */
export interface Running {
  readonly pid: number;
  readonly socket: string;
  readonly framing: Load['framing'];
  readonly stop: () => Promise<unknown>;
}

/** A subject that is a daemon with a socket. */
export interface Server extends Pick<Subject, 'name' | 'missing'> {
  readonly start: (run: Run) => Promise<Running>;
}

/** The same Kafka settings for everyone, by librdkafka's names. */
export const kafkaSettings = ({ codec, lingerMs }: Shape): Readonly<Record<string, string>> => ({
  acks: 'all',
  'compression.codec': codec,
  'queue.buffering.max.ms': String(lingerMs),
  'batch.num.messages': '50000',
  'queue.buffering.max.messages': '500000',
});

/** A run that takes longer has failed: a subject that hangs must not hang the others. */
export const RUN_TIMEOUT_MS = 120_000;
export const DELIVERY_TIMEOUT_MS = 60_000;

/** Sent before the measuring, as fast as it is taken: daemons run for weeks, so that start and first compilation are not counted. */
const WARM_UP_MESSAGES = 100_000;

/** Resolves with the generator's next message; rejects where it ends without one. */
const messageOf = async (generator: ChildProcess): Promise<unknown> => {
  const signal = AbortSignal.timeout(RUN_TIMEOUT_MS);
  const failed = once(generator, 'exit', { signal }).then(() => {
    throw new Error('the load generator ended early');
  });
  const [message] = (await Promise.race([once(generator, 'message', { signal }), failed])) as [unknown];
  return message;
};

/** Sends a load, from a process of its own that is ready when `started` is called. */
export const send = async (load: Load, started: () => void = () => undefined): Promise<number> => {
  const generator = fork(path.join(__dirname, 'load.ts'), [JSON.stringify(load)], {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
  });
  try {
    await messageOf(generator);
    started();
    const sending = messageOf(generator) as Promise<Sent>;
    generator.send('go');
    return (await sending).sent;
  } finally {
    generator.kill('SIGKILL');
  }
};

/** Runs a daemon in until it is warm, and returns how many messages that took; all of them have arrived. */
export const warmUp = async ({ socket, framing }: Running, { shape, brokers, topics, keys }: Run): Promise<number> => {
  const load = { ...shape, perSecond: undefined, messages: WARM_UP_MESSAGES };
  const sent = await send({ socket, shape: load, framing, keys, stamps: false });
  return awaitAll(brokers, topics, sent, DELIVERY_TIMEOUT_MS);
};

/** The CPU of a warm daemon from just before the first message until all of them stand in the topics. */
const measureRunning = async (running: Running, run: Run): Promise<Result> => {
  const { pid, socket, framing } = running;
  const { shape, brokers, topics, keys } = run;
  const before = await warmUp(running, run);
  let cpuBefore = NaN;
  let startedMs = NaN;
  const sent = await send({ socket, shape, framing, keys, stamps: false }, () => {
    cpuBefore = cpuSeconds(pid);
    startedMs = performance.now();
  });
  const delivered = await awaitAll(brokers, topics, before + sent, DELIVERY_TIMEOUT_MS);
  const seconds = (performance.now() - startedMs) / 1000;
  return {
    cpuMicros: ((cpuSeconds(pid) - cpuBefore) * 1e6) / sent,
    perSecond: sent / seconds,
    peakMegabytes: peakMegabytes(pid),
    sent,
    delivered: delivered - before,
  };
};

/** Starts a daemon for `work` alone. */
export const withServer = async <A>(
  server: Server,
  run: Run,
  work: (running: Running, run: Run) => Promise<A>,
): Promise<A> => {
  const running = await server.start(run);
  try {
    return await work(running, run);
  } finally {
    await running.stop();
  }
};

/** Every shape of traffic goes into a daemon. */
export const asSubject = (server: Server): Subject => ({
  ...server,
  takes: () => true,
  measure: (run) => withServer(server, run, measureRunning),
});
