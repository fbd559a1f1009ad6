import { existsSync } from 'node:fs';
import path from 'node:path';
import { startDaemon } from '../spec/support/daemon';
import { kafkaSettings, type Run, type Server } from './subject';

const buckets = ({ brokers, topics, shape }: Run, durability: 'memory' | 'journal'): unknown => ({
  streamsConfigs: {
    kafka: { type: 'kafka', slice: 1, settings: { 'bootstrap.servers': brokers, ...kafkaSettings(shape) } },
  },
  buckets: topics.map((id) => ({ id, streams: ['kafka'], batch: 10_000, batchTimeout: 30_000, durability })),
});

const server = (name: string, durability: 'memory' | 'journal'): Server => ({
  name,
  missing: () => (existsSync(path.resolve(__dirname, '../dist/main.js')) ? undefined : 'not built'),
  start: async (run) => {
    const daemon = await startDaemon({ folder: run.folder, buckets: buckets(run, durability) });
    const { pid, socket } = daemon;
    return { pid, socket, framing: { kind: 'frame', buckets: run.topics }, stop: () => daemon.stop() };
  },
});

export const kahets = server('kahets', 'memory');

/** Writes every message ahead: it outlives a SIGKILL. */
export const journaled = server('journaled', 'journal');
