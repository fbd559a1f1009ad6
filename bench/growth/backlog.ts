import { memoryMarks } from '../../src/control/held';
import { inTopics, toKafka, withDaemon } from './daemon';
import { withFolder, withTopics, type Growth, type Place } from './growth';
import { measureCost, type Cost, type Hold } from './measure';
import { openSender } from './traffic';

const MB = 1024 * 1024;
const MAX_MEMORY_MB = 250;
const MESSAGE_BYTES = 200;
const PER_WRITE = 300;
const MESSAGES = 400_000;

/** Far more than it takes to read what may be held, far less than the time-out of a request. */
const HOLD_MS = 2000;

/** Messages that are held at once. */
const heldAt = (share: number): number =>
  Math.floor((share * memoryMarks(MAX_MEMORY_MB * MB).high) / (MESSAGE_BYTES + 30) / PER_WRITE) * PER_WRITE;

/** Messages come in while the broker stands still, and go out once all of them are held; again and again. */
const measure = async ({ broker, scale }: Place, share: number): Promise<Cost> => {
  const kafka = await broker();
  const { address: brokers } = kafka;
  const signal = (name: NodeJS.Signals): void => {
    const pid = kafka.pid();
    if (pid !== undefined) process.kill(pid, name);
  };
  const hold: Hold = { start: () => signal('SIGSTOP'), end: () => signal('SIGCONT'), atMostMs: HOLD_MS };
  return withFolder((folder) =>
    withTopics(brokers, { topics: 1, partitions: 3 }, (topics) => {
      const target = { brokers, topics };
      const env = { MAXMEMORY: `${MAX_MEMORY_MB}MB` };
      return withDaemon({ folder, buckets: toKafka(target), env }, async ({ pid, socket }) => {
        const sender = await openSender({
          socket,
          messageBytes: MESSAGE_BYTES,
          connections: 4,
          perWrite: PER_WRITE,
          buckets: topics,
          keys: false,
        });
        try {
          return await measureCost({
            pid,
            sender,
            arrivals: inTopics(target),
            warmUp: (scale * MESSAGES) / 4,
            messages: scale * MESSAGES,
            ...(share === 0 ? {} : { round: heldAt(share), hold }),
          });
        } finally {
          await sender.stop();
        }
      });
    }),
  );
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
