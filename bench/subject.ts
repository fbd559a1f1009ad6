import path from 'node:path';
import { withFork } from './children';
import { awaitFiles, outputFolder } from './files';
import type { Load } from './load';
import type { Shape } from './shape';
import { awaitAll, awaitQuiet } from './topics';
import { cpuSeconds, mainThreadSeconds, peakMegabytes } from './usage';

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
  /** While the messages were sent, of daemons: the share of the time in which the first thread was busy, which runs the loop in Node. */
  readonly loop?: { readonly perSecond: number; readonly busy: number; readonly micros: number };
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
  readonly measure: (run: Run) => Promise<Result>;
}

/** A daemon that listens. */
export interface Running {
  readonly pid: number;
  readonly socket: string;
  readonly framing: Load['framing'];
  /** Of a message in its files. */
  readonly fileBytes: number;
  /** Of the messages, those that it sends on, about; default: all. */
  readonly share?: number;
  readonly stop: () => Promise<unknown>;
}

/** A subject that is a daemon with a socket. */
export interface Server extends Pick<Subject, 'name' | 'missing'> {
  readonly start: (run: Run) => Promise<Running>;
}

/** The same Kafka settings for everyone, by librdkafka's names. */
export const kafkaSettings = ({
  codec,
  lingerMs,
}: Pick<Shape, 'codec' | 'lingerMs'>): Readonly<Record<string, string>> => ({
  acks: 'all',
  'compression.codec': codec,
  'queue.buffering.max.ms': String(lingerMs),
  'batch.num.messages': '50000',
  'queue.buffering.max.messages': '500000',
});

/** Sent before the measuring, as fast as it is taken: daemons run for weeks, so that start and first compilation are not counted. */
const WARM_UP_MESSAGES = 300_000;
const WARM_UP_BYTES = 100_000_000;

/** Sends a load, from a process of its own that is ready when `started` is called. */
export const send = (load: Load, started: () => void = () => undefined): Promise<number> =>
  withFork(path.join(__dirname, 'load.ts'), [JSON.stringify(load)], async ({ next, ask }) => {
    await next();
    started();
    return (await ask('go')) as number;
  });

/** Resolves with the number of messages that have arrived, when that is `wanted` or when nothing is left to wait for. */
const awaitArrived = async (running: Running, run: Run, wanted: number): Promise<number> => {
  const { shape, brokers, folder } = run;
  const topics = running.framing.kind === 'frame' ? running.framing.buckets : run.topics;
  const counts: number[] = [];
  if (shape.to !== 'file') counts.push(await awaitAll(brokers, topics, wanted));
  if (shape.to !== 'kafka') counts.push(await awaitFiles(outputFolder(folder), running.fileBytes, wanted));
  return Math.min(...counts);
};

/** Runs a daemon in until it is warm, and returns how many messages that took; all of them have arrived. */
export const warmUp = async (running: Running, run: Run): Promise<number> => {
  const { socket, framing, share = 1 } = running;
  const messages = Math.min(WARM_UP_MESSAGES, Math.floor(WARM_UP_BYTES / run.shape.messageBytes));
  const shape = { ...run.shape, perSecond: undefined, messages };
  const sent = await send({ socket, shape, framing, keys: run.keys, stamps: false });
  return share < 1 ? (await awaitQuiet(run.brokers, run.topics)).found : awaitArrived(running, run, sent);
};

/** The CPU of a warm daemon from just before the first message until all of them stand in the topics. */
const measureRunning = async (running: Running, run: Run): Promise<Result> => {
  const { pid, socket, framing, share = 1 } = running;
  const { shape, brokers, topics, keys } = run;
  const before = await warmUp(running, run);
  let cpuBefore = NaN;
  let loopBefore = NaN;
  let startedMs = NaN;
  const sent = await send({ socket, shape, framing, keys, stamps: false }, () => {
    cpuBefore = cpuSeconds(pid);
    loopBefore = mainThreadSeconds(pid);
    startedMs = performance.now();
  });
  const sendingSeconds = (performance.now() - startedMs) / 1000;
  const loopSeconds = mainThreadSeconds(pid) - loopBefore;
  const { found: delivered, quietMs } =
    share < 1
      ? await awaitQuiet(brokers, topics)
      : { found: await awaitArrived(running, run, before + sent), quietMs: 0 };
  const seconds = (performance.now() - startedMs - quietMs) / 1000;
  return {
    cpuMicros: ((cpuSeconds(pid) - cpuBefore) * 1e6) / sent,
    loop: {
      perSecond: sent / sendingSeconds,
      busy: loopSeconds / sendingSeconds,
      micros: (loopSeconds * 1e6) / sent,
    },
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

export const asSubject = (server: Server): Subject => ({
  ...server,
  measure: (run) => withServer(server, run, measureRunning),
});
