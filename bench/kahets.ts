import { existsSync } from 'node:fs';
import path from 'node:path';
import { startDaemon } from '../spec/support/daemon';
import { KAFKA_SETTINGS, measureDaemon, type Subject } from './subject';

const buckets = (brokers: string, topic: string): unknown => ({
  streamsConfigs: { kafka: { type: 'kafka', slice: 1, settings: { 'bootstrap.servers': brokers, ...KAFKA_SETTINGS } } },
  buckets: [{ id: topic, streams: ['kafka'], batch: 10_000, batchTimeout: 30_000 }],
});

export const kahets: Subject = {
  name: 'kahets',
  missing: () => (existsSync(path.resolve(__dirname, '../dist/main.js')) ? undefined : 'not built'),
  takes: () => true,
  measure: async (run) => {
    const daemon = await startDaemon({ folder: run.folder, buckets: buckets(run.brokers, run.topic) });
    try {
      return await measureDaemon(daemon.pid, run, daemon.socket, { kind: 'frame', bucket: run.topic });
    } finally {
      await daemon.stop();
    }
  },
};
