/**
 * `ts-node bench/reconnects.ts [--hosts N] [--seed N]`: what daemons on many hosts do to a cluster of which brokers are away
 * for a minute and come back. The real Kafka sink with librdkafka's defaults, on virtual time, over connections in memory.
 */
import { parseArgs } from 'node:util';
import {
  BACK_MS,
  connectionsAHost,
  END_MS,
  GONE_MS,
  OUTAGES,
  perSecond,
  returnedAfter,
  simulate,
  type Fleet,
} from '../spec/sinks/kafka/fleet';

const { values: options } = parseArgs({
  options: { hosts: { type: 'string', default: '1000' }, seed: { type: 'string', default: '1' } },
});

const BAR_WIDTH = 60;

const median = (counts: readonly number[]): number =>
  [...counts].sort((a, b) => a - b)[Math.floor(counts.length / 2)] ?? 0;

const summary = (title: string, counts: readonly number[]): string =>
  `${title}: at most ${Math.max(...counts)} attempts a second, median ${median(counts)}`;

const histogram = (fleet: Fleet): string => {
  const counts = perSecond(fleet, GONE_MS, END_MS);
  const scale = BAR_WIDTH / Math.max(...counts);
  return counts
    .map((count, second) => {
      const when = second * 1000 + GONE_MS < BACK_MS ? 'away' : 'back';
      return `${String(second).padStart(4)} s ${when} ${String(count).padStart(6)} ${'#'.repeat(Math.ceil(count * scale))}`.trimEnd();
    })
    .join('\n');
};

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

const report = (fleet: Fleet): string => {
  const { most, atTheEnd } = connectionsAHost(fleet);
  const returned = [0.5, 0.99, 1].map((share) => `${share * 100} % after ${seconds(returnedAfter(fleet, share))}`);
  return `
## ${fleet.hosts} hosts, ${fleet.outage.name} away for ${(BACK_MS - GONE_MS) / 1000} s

${histogram(fleet)}

${summary('While away', perSecond(fleet, GONE_MS, BACK_MS))}
${summary('Once back', perSecond(fleet, BACK_MS, END_MS))}
Connected again: ${returned.join(', ')}
Connections a host: at most ${most}, ${atTheEnd} at the end
Batches not acknowledged: ${fleet.waiting}`;
};

const main = async (): Promise<void> => {
  for (const outage of OUTAGES)
    console.log(report(await simulate(outage, Number(options.hosts), Number(options.seed))));
};

void main();
