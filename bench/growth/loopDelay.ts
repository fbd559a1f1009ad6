import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MAIN, startDaemon } from '../../spec/support/daemon';
import type { Figure } from './figure';
import { inTopics, toKafka } from './daemon';
import { withFolder, withTopics, type Place } from './growth';
import { openSender, type Traffic } from './traffic';

const PRELOADED = path.join(__dirname, 'preloadLoopDelay.mjs');
/** About 64 KB. */
const PER_WRITE = 300;
const WARM_UP = 200_000;
/** Long enough to fill the high mark many times over: what is sent is what is taken. */
const FLAT_OUT = 2_000_000;
const PACED_SECONDS = 5;

interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Writes of `PER_WRITE` messages over 4 connections: flat out first, then at half of the rate that was taken. */
const measure = (brokers: string): Promise<Delay & { readonly perSecond: number }> =>
  withFolder((folder) =>
    withTopics(brokers, { topics: 1, partitions: 3 }, async (topics) => {
      const target = { brokers, topics };
      const daemon = await startDaemon({
        ...{ folder, buckets: toKafka(target) },
        command: [process.execPath, '--import', PRELOADED, MAIN, 'start'],
      });
      let perSecond = NaN;
      try {
        const { socket } = daemon;
        const traffic: Traffic = {
          socket,
          messageBytes: 200,
          connections: 4,
          perWrite: PER_WRITE,
          buckets: topics,
          keys: false,
        };
        const flatOut = await openSender(traffic);
        let sent = (await flatOut.send(WARM_UP)).messages;
        const taken = await flatOut.send(FLAT_OUT);
        sent += taken.messages;
        await inTopics(target).wait(sent);
        await flatOut.stop();
        perSecond = taken.messages / taken.seconds / 2;
        const half = await openSender({ ...traffic, perSecond });
        process.kill(daemon.pid, 'SIGUSR2');
        await half.send(perSecond * PACED_SECONDS);
        await half.stop();
      } finally {
        await daemon.stop();
      }
      const delay = JSON.parse(await readFile(path.join(folder, 'loop-delay.json'), 'utf8')) as Delay;
      return { ...delay, perSecond };
    }),
  );

/** How late the loop is at half of the rate that it takes. */
export const loopDelay = async ({ broker }: Place): Promise<Figure> => {
  const { address } = await broker();
  const { p50, p99, max, perSecond } = await measure(address);
  const rate = Math.round(perSecond).toLocaleString('en');
  return {
    value: p99,
    note: `bulk writes, ${rate} messages/s for ${PACED_SECONDS} s; p50 ${p50.toFixed(1)} ms, longest ${max.toFixed(1)} ms`,
  };
};
