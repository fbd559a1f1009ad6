/** What the cases around Kafka share: a daemon with a stream that has a backup, clients that write, and the clocks. */
import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import path from 'node:path';
import { startDaemon, type Daemon, type DaemonOptions } from '../../support/daemon';
import { followTopic } from '../../support/kcat';
import { numberOf } from '../../support/numbered';
import { awaitMessages, createTopic } from '../../support/topics';
import type { FaultContext, FaultResult } from '../faultCase';
import { droppedIn, lastLedger, stopFaults, sumOf } from '../ledger';
import { find, together } from '../oracle';
import { startTraffic, type Traffic, type TrafficOptions } from '../traffic';
import { descriptorsOf, sizesIn, until, watchMemory } from '../watch';

/** MAXMEMORY of the daemons, in MB. */
const MAX_MEMORY_MB = 250;
const STREAM = 'kafka';
/** Messages that flow before anything is done. */
const WARM = 2000;
const LOOK_MS = 20;
/** Nothing comes any more when nothing came for so long. */
const QUIET_MS = 5000;

export interface SceneOptions {
  readonly context: FaultContext;
  /** `host:port`s of the brokers: to make the topic and to read it. */
  readonly address: string;
  /** What the daemon is told; default: the same. */
  readonly bootstrap?: string;
  /** Further buckets, whose topics are the case's. */
  readonly others?: readonly string[];
  /** Keys of all buckets. */
  readonly bucket?: Readonly<Record<string, unknown>>;
  /** Where the backup is, if not in the daemon's folder. */
  readonly backupFolder?: string;
  /** Default: a new one with three partitions. */
  readonly topic?: string;
  /** Further settings of the Kafka stream. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Other keys of the stream. */
  readonly stream?: Readonly<Record<string, unknown>>;
  /** Default: replayed. */
  readonly backup?: Readonly<Record<string, unknown>> | null;
  readonly traffic?: Partial<TrafficOptions>;
  readonly daemon?: Pick<DaemonOptions, 'env' | 'command'>;
  /** Whether the broker can be reached at the start. Default: yes. */
  readonly reachable?: boolean;
}

export interface FinishOptions {
  /** How long it may take until all is in Kafka, what lies in the backup included. Default: 60 s. */
  readonly replayMs?: number;
  /** Messages that never get there, or `dropped`: those that the ledger says were dropped, which may be lost. Default: 0. */
  readonly exceptions?: number | 'dropped';
  /** What the case measured or found itself. */
  readonly also?: Partial<FaultResult>;
}

export interface Scene {
  readonly daemon: Daemon;
  readonly topic: string;
  readonly traffic: Traffic;
  /** Bytes of what waits in the backup. */
  readonly backupBytes: () => number;
  /** The fault begins now. */
  readonly fault: () => void;
  /** Resolves when the first message since the fault is in the backup. */
  readonly switched: (timeoutMs?: number) => Promise<void>;
  /**
   * It has gone: what is written from now on is fresh. Resolves when the first of that is in Kafka, or at the end of `timeoutMs`:
   * the case is then judged by that.
   */
  readonly healed: (timeoutMs?: number) => Promise<void>;
  /** Ends the traffic, waits until all is in Kafka, stops the daemon, and looks for everything. */
  readonly finish: (options?: FinishOptions) => Promise<FaultResult>;
}

export const newTopic = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

/** Switches quickly, and replays. */
export const kafkaStream = (
  bootstrap: string,
  {
    settings = {},
    stream = {},
    backup,
    backupFolder = './backup',
  }: Pick<SceneOptions, 'settings' | 'stream' | 'backup' | 'backupFolder'> = {},
): unknown => ({
  type: 'kafka',
  settings: {
    'bootstrap.servers': bootstrap,
    'queue.buffering.max.ms': 50,
    'compression.codec': 'snappy',
    ...settings,
  },
  ...(backup !== null && {
    backup: {
      type: 'file',
      settings: { path: backupFolder, fileNameTemplate: '{bucket}{PS}{ts}' },
      replay: true,
      ...backup,
    },
    failover: { afterMs: 2000, retryMs: 1000 },
  }),
  ...stream,
});

/** The bytes of what waits to be sent on: dead letters and what was set aside do not. */
const waitingIn = (folder: string): number =>
  [...sizesIn(folder)]
    .filter(([file]) => !/\.(dead|bad|progress)(-\d+)?$/.test(file))
    .reduce((sum, [, size]) => sum + size, 0);

/** Starts all of it; resolves when messages flow, or, without a broker, when clients write. */
export const startScene = async (options: SceneOptions): Promise<Scene> => {
  const { context, address, bootstrap = address, reachable = true, others = [] } = options;
  const first = options.traffic?.first ?? 0;
  const topic = options.topic ?? newTopic('fault');
  if (options.topic === undefined && reachable) await createTopic(address, topic);
  const daemon = await startDaemon({
    ...options.daemon,
    env: { MAXMEMORY: `${MAX_MEMORY_MB}MB`, DRAIN_TIMEOUT: '20s', ...options.daemon?.env },
    buckets: {
      streamsConfigs: { [STREAM]: kafkaStream(bootstrap, options) },
      buckets: [topic, ...others].map((id) => ({
        id,
        streams: [STREAM],
        batch: 10_000,
        batchTimeout: 100,
        ...options.bucket,
      })),
    },
  });
  const memory = watchMemory(daemon.pid);
  const backup = options.backupFolder ?? path.join(daemon.folder, 'backup');
  const backupBytes = (): number => waitingIn(backup);
  const traffic = await startTraffic({ socket: daemon.socket, bucket: topic, ...options.traffic });

  const clock = { faultMs: 0, baseBytes: 0, switchedMs: NaN, healedMs: NaN, fresh: Infinity, returnedMs: NaN };
  let descriptors = 0;
  const look = setInterval(() => {
    if (clock.faultMs > 0 && Number.isNaN(clock.switchedMs) && backupBytes() > clock.baseBytes)
      clock.switchedMs = performance.now();
  }, LOOK_MS);
  const seen = new Set<number>();
  const unfollow = followTopic(address, topic, ({ value }) => {
    const n = value === null ? undefined : numberOf(value);
    if (n === undefined) return;
    seen.add(n);
    if (Number.isNaN(clock.returnedMs) && n >= clock.fresh) clock.returnedMs = performance.now();
  });
  const endWatches = async (): Promise<void> => {
    clearInterval(look);
    memory.end();
    await unfollow();
  };
  context.atEnd(endWatches);
  if (reachable) {
    const found = await awaitMessages(address, topic, WARM, { timeoutMs: 20_000 });
    if (found < WARM) throw new Error(`only ${found} of ${traffic.next() - first} messages arrived before any fault`);
  }

  const seconds = (fromMs: number, toMs: number): number | undefined =>
    Number.isNaN(toMs - fromMs) ? undefined : (toMs - fromMs) / 1000;
  const figures = (): Partial<FaultResult> => {
    const switchS = seconds(clock.faultMs, clock.switchedMs);
    const returnS = seconds(clock.healedMs, clock.returnedMs);
    return { ...(switchS !== undefined && { switchS }), ...(returnS !== undefined && { returnS }) };
  };

  const finish: Scene['finish'] = async ({ replayMs = 60_000, exceptions = 0, also = {} } = {}) => {
    await traffic.stop();
    const sent = traffic.next() - first;
    let [growsMs, before] = [performance.now(), seen.size];
    const isQuiet = (): boolean => {
      if (seen.size > before) [growsMs, before] = [performance.now(), seen.size];
      return performance.now() - growsMs > QUIET_MS;
    };
    const isThere = exceptions === 'dropped' ? isQuiet : () => seen.size >= sent - exceptions;
    await until(() => isThere() && backupBytes() === 0, replayMs, 100);
    await until(() => descriptorsOf(daemon.pid) <= descriptors, 5000, 100);
    const after = descriptorsOf(daemon.pid);
    const peakMb = memory.peakMb();
    const ended = await daemon.stop();
    await endWatches();
    if (context.logs !== undefined) appendFileSync(path.join(context.logs, `${topic}.log`), ended.output);
    const rows = lastLedger(ended);
    // Other buckets' messages have numbers of their own.
    const folders = [path.join(backup, topic), ...['dead', 'spool'].map((name) => path.join(daemon.folder, name))];
    const found = await find({ first, next: traffic.next(), address, topics: [topic], folders });
    const received = sumOf(rows, 'received', ({ bucket }) => bucket === topic);
    const dropped = exceptions === 'dropped' ? droppedIn(rows) : 0;
    const wanted = sent - (exceptions === 'dropped' ? dropped : exceptions);
    return {
      ...together([found]),
      allowedLost: dropped,
      ...figures(),
      duplicatesPossible: sumOf(rows, 'duplicatesPossible'),
      longestWaitMs: traffic.longestWaitMs(),
      peakMb,
      maxMemoryMb: MAX_MEMORY_MB,
      ...(descriptors > 0 && { descriptors: { before: descriptors, after } }),
      ...also,
      violations: [
        ...stopFaults(ended),
        ...(received === found.sent ? [] : [`I5: ${found.sent} were sent, ${received} received`]),
        ...(traffic.failed.length === 0 ? [] : [`${traffic.failed.length} writes of clients failed`]),
        ...(found.inKafka >= wanted
          ? []
          : [`I1: only ${found.inKafka} of ${wanted} were in Kafka after ${replayMs / 1000} s`]),
        ...(also.violations ?? []),
      ],
    };
  };

  return {
    daemon,
    topic,
    traffic,
    backupBytes,
    fault: () => {
      descriptors ||= descriptorsOf(daemon.pid);
      clock.baseBytes = backupBytes();
      clock.switchedMs = NaN;
      clock.faultMs = performance.now();
    },
    switched: async (timeoutMs = 30_000) => {
      const took = await until(() => !Number.isNaN(clock.switchedMs), timeoutMs);
      if (took === undefined) throw new Error(`nothing went to the backup in ${timeoutMs / 1000} s`);
    },
    healed: async (timeoutMs = 60_000) => {
      clock.fresh = traffic.next();
      clock.returnedMs = NaN;
      clock.healedMs = performance.now();
      await until(() => !Number.isNaN(clock.returnedMs), timeoutMs);
    },
    finish,
  };
};
