import { existsSync } from 'node:fs';
import path from 'node:path';
import { startDaemon } from '../spec/support/daemon';
import { outputFolder } from './files';
import { kafkaSettings, type Run, type Server } from './subject';

/** What is different from a plain daemon. */
interface Variant {
  readonly durability?: 'journal';
  readonly slice?: number;
  readonly env?: Readonly<Record<string, number>>;
  /** All messages go to the first bucket. */
  readonly oneBucket?: boolean;
  /** Default: the built program. */
  readonly command?: readonly [string, ...string[]];
}

const streams = ({ brokers, folder, shape }: Run, { slice = 1 }: Variant): Readonly<Record<string, unknown>> => ({
  ...(shape.to === 'file'
    ? {}
    : { kafka: { type: 'kafka', slice, settings: { 'bootstrap.servers': brokers, ...kafkaSettings(shape) } } }),
  ...(shape.to === 'kafka'
    ? {}
    : {
        // One file for all buckets and no sync, as the peers have it.
        file: { type: 'file', settings: { path: outputFolder(folder), fileNameTemplate: 'messages', fsync: 'never' } },
      }),
});

const server = (name: string, variant: Variant = {}): Server => ({
  name,
  missing: () => (existsSync(path.resolve(__dirname, '../dist/kahets.cjs')) ? undefined : 'not built'),
  start: async (run) => {
    const { folder, shape } = run;
    const names = variant.oneBucket === true ? run.topics.slice(0, 1) : run.topics;
    const streamsConfigs = streams(run, variant);
    const { durability = 'memory', slice = 1, env = {}, command } = variant;
    const buckets = names.map((id) => ({
      id,
      streams: Object.keys(streamsConfigs),
      batch: 10_000,
      // Kafka's linger is shorter; a file has none, and its peers flush after a second.
      batchTimeout: shape.to === 'kafka' ? 30_000 : shape.lingerMs,
      durability,
    }));
    const daemon = await startDaemon({
      folder,
      env,
      buckets: { streamsConfigs, buckets },
      ...(command && { command }),
    });
    return {
      pid: daemon.pid,
      socket: daemon.socket,
      framing: { kind: 'frame', buckets: names },
      // Two lengths, of the frame and of the key, of 4 bytes and of 1, and the name with its own.
      fileBytes: 6 + (names[0]?.length ?? 0) + shape.messageBytes,
      share: slice,
      stop: () => daemon.stop(),
    };
  },
});

export const kahets = server('kahets');

/** A build of its own that writes a profile of itself to `profileFolder` when it ends. */
export const profiled = (dist: string, profileFolder: string): Server =>
  server('profiled', {
    command: [
      process.execPath,
      '--cpu-prof',
      `--cpu-prof-dir=${profileFolder}`,
      path.resolve(dist, 'main.js'),
      'start',
    ],
  });

/** Writes every message ahead: it outlives a SIGKILL. */
export const journaled = server('journaled', { durability: 'journal' });

/** What buckets cost: the same traffic with one. */
export const oneBucket = server('one-bucket', { oneBucket: true });

/** Sends on every tenth message. */
export const sliced = server('slice-0.1', { slice: 0.1 });

export const ofCpus = [1, 2].map((count) => server(`maxcpus-${count}`, { env: { MAXCPUS: count } }));
