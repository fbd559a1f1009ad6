import { launchDaemon } from '../../spec/support/daemon';
import { middleBy } from '../figures';
import { withFolder, withTopics } from '../places';
import { cpuSeconds } from '../usage';
import { toKafka } from './daemon';
import type { Figure } from './figure';
import type { Place } from './growth';

const STARTS_A_RUN = 3;

interface Start {
  readonly millis: number;
  readonly cpuMillis: number;
}

const startOnce = (buckets: unknown): Promise<Start> =>
  withFolder(async (folder) => {
    const startedMs = performance.now();
    const daemon = await launchDaemon({ folder, buckets });
    try {
      await daemon.waitForLog(({ msg }) => msg === 'listening');
      return { millis: performance.now() - startedMs, cpuMillis: cpuSeconds(daemon.pid) * 1000 };
    } finally {
      await daemon.stop('SIGKILL');
    }
  });

/** Milliseconds from the start of the process to its `listening`, with a broker: the median. */
export const startUp = async ({ broker }: Place, runs: number): Promise<Figure> => {
  const { address: brokers } = await broker();
  return withTopics(brokers, { topics: 1, partitions: 3 }, async (topics) => {
    const starts: Start[] = [];
    while (starts.length < runs * STARTS_A_RUN) starts.push(await startOnce(toKafka({ brokers, topics })));
    const fastest = Math.min(...starts.map(({ millis }) => millis));
    const cpuMillis = middleBy(starts, (start) => start.cpuMillis)?.cpuMillis ?? NaN;
    return {
      value: middleBy(starts, ({ millis }) => millis)?.millis ?? NaN,
      note: `median of ${starts.length}, the fastest ${fastest.toFixed(0)} ms; CPU ${cpuMillis.toFixed(0)} ms`,
    };
  });
};
