import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { MAIN } from '../../spec/support/daemon';
import { withDaemonToKafka, type ToKafka } from './daemon';
import type { Figure } from './figure';
import type { Place } from './growth';
import { bulkTraffic, withSender } from './traffic';

const PRELOADED = path.join(__dirname, 'preloadLoopDelay.mjs');
const WARM_UP = 200_000;
/** Long enough to fill the high mark many times over: what is sent is what is taken. */
const FLAT_OUT = 2_000_000;
const PACED_SECONDS = 5;

/** In milliseconds. */
interface Delay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Flat out first, then at half of the rate that was taken, which it tells. */
const sendTo = async ({ daemon: { pid, socket }, topics, arrivals }: ToKafka): Promise<number> => {
  const traffic = bulkTraffic({ socket, buckets: topics });
  const perSecond = await withSender(traffic, async ({ send }) => {
    const warm = await send(WARM_UP);
    const taken = await send(FLAT_OUT);
    await arrivals.wait(arrivals.of(warm) + arrivals.of(taken));
    return taken.messages / taken.seconds / 2;
  });
  await withSender({ ...traffic, perSecond }, async ({ send }) => {
    process.kill(pid, 'SIGUSR2');
    await send(perSecond * PACED_SECONDS);
  });
  return perSecond;
};

/** How late the loop is at half of the rate that it takes. */
export const loopDelay = (place: Place): Promise<Figure> => {
  const command = [process.execPath, '--import', PRELOADED, MAIN, 'start'] as const;
  return withDaemonToKafka(place, { command: [...command] }, async (running) => {
    const perSecond = await sendTo(running);
    // It writes what it has measured when it ends.
    const { folder, stop } = running.daemon;
    await stop();
    const delay = JSON.parse(await readFile(path.join(folder, 'loop-delay.json'), 'utf8')) as Delay;
    const rate = Math.round(perSecond).toLocaleString('en');
    return {
      value: delay.p99,
      note: `bulk writes, ${rate} messages/s for ${PACED_SECONDS} s; p50 ${delay.p50.toFixed(1)} ms, longest ${delay.max.toFixed(1)} ms`,
    };
  });
};
