import { existsSync } from 'node:fs';
import path from 'node:path';
import { startDaemon } from '../spec/support/daemon';
import { kafkaSettings, type Run, type Server } from './subject';

const buckets = ({ brokers, topics, shape }: Run): unknown => ({
  streamsConfigs: {
    kafka: { type: 'kafka', slice: 1, settings: { 'bootstrap.servers': brokers, ...kafkaSettings(shape) } },
  },
  buckets: topics.map((id) => ({ id, streams: ['kafka'], batch: 10_000, batchTimeout: 30_000 })),
});

export const kahets: Server = {
  name: 'kahets',
  missing: () => (existsSync(path.resolve(__dirname, '../dist/main.js')) ? undefined : 'not built'),
  start: async (run) => {
    const daemon = await startDaemon({ folder: run.folder, buckets: buckets(run) });
    const { pid, socket } = daemon;
    return { pid, socket, framing: { kind: 'frame', buckets: run.topics }, stop: () => daemon.stop() };
  },
};
