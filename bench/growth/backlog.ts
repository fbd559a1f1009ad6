import { memoryMarks } from '../../src/control/held';
import { withDaemonToKafka } from './daemon';
import type { Growth, Place } from './growth';
import { measureCost, type Cost, type Hold } from './measure';
import { bulkTraffic, FRAMING_BYTES } from './traffic';

const MB = 1024 * 1024;
const MAX_MEMORY_MB = 250;
const MESSAGES = 400_000;

/** Far more than it takes to read what may be held, far less than the time-out of a request. */
const HOLD_MS = 2000;

/** Messages come in while the broker stands still, and go out once all of them are held; again and again. */
const measure = async (place: Place, share: number): Promise<Cost> => {
  const broker = await place.broker();
  const signal = (name: NodeJS.Signals): void => {
    const pid = broker.pid();
    if (pid !== undefined) process.kill(pid, name);
  };
  const hold: Hold = { start: () => signal('SIGSTOP'), end: () => signal('SIGCONT'), atMostMs: HOLD_MS };
  const env = { MAXMEMORY: `${MAX_MEMORY_MB}MB` };
  return withDaemonToKafka(place, { env }, ({ daemon: { pid, socket }, topics, arrivals }) => {
    const traffic = bulkTraffic({ socket, buckets: topics });
    const held = (share * memoryMarks(MAX_MEMORY_MB * MB).high) / (traffic.messageBytes + FRAMING_BYTES);
    return measureCost({
      ...{ pid, traffic, arrivals },
      warmUp: (place.scale * MESSAGES) / 4,
      messages: place.scale * MESSAGES,
      ...(share === 0 ? {} : { round: Math.floor(held / traffic.perWrite) * traffic.perWrite, hold }),
    });
  });
};

export const backlog: Growth = {
  name: 'backlog',
  title: 'What is held',
  what: `200 B, 4 connections, writes of 64 KB, a topic of 3 partitions, \`MAXMEMORY\` ${MAX_MEMORY_MB} MB; the broker stands still until so much is held, then takes it`,
  unit: '% of the mark at which reading pauses',
  even: true,
  points: [0, 0.125, 0.25, 0.5, 0.75, 1].map((share) => ({
    x: Math.round(share * 1000) / 10,
    run: (place) => measure(place, share),
  })),
};
