import { launchDaemon } from '../../spec/support/daemon';
import { cpuSeconds } from '../usage';
import type { Figure } from './figure';
import { toKafka } from './daemon';
import { withFolder, withTopics, type Place } from './growth';

const STARTS_A_RUN = 3;

const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? NaN;

/** Milliseconds from the start of the process to its `listening`, with a broker: the median. */
export const startUp = async ({ broker }: Place, runs: number): Promise<Figure> => {
  const { address: brokers } = await broker();
  const millis: number[] = [];
  const cpuMillis: number[] = [];
  await withTopics(brokers, { topics: 1, partitions: 3 }, async (topics) => {
    for (let start = 0; start < runs * STARTS_A_RUN; start += 1)
      await withFolder(async (folder) => {
        const startedMs = performance.now();
        const daemon = await launchDaemon({ folder, buckets: toKafka({ brokers, topics }) });
        try {
          await daemon.waitForLog(({ msg }) => msg === 'listening');
          millis.push(performance.now() - startedMs);
          cpuMillis.push(cpuSeconds(daemon.pid) * 1000);
        } finally {
          await daemon.stop('SIGKILL');
        }
      });
  });
  const note = `median of ${millis.length}, the fastest ${Math.min(...millis).toFixed(0)} ms; CPU ${middle(cpuMillis).toFixed(0)} ms`;
  return { value: middle(millis), note };
};
