import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withDaemonToKafka } from './daemon';
import type { Figure } from './figure';
import type { Place } from './growth';
import { bulkTraffic, withSender } from './traffic';

/** Some 8 s after its last work V8 collects once, which is no idling. */
const SETTLE_MS = 12_000;
const MEASURED_MS = 10_000;
const CONNECTIONS = 10;

/** CPU of all threads in nanoseconds: the ticks of /proc/PID/stat are too coarse for what is next to nothing. */
const cpuNanos = (pid: number): number =>
  readdirSync(`/proc/${pid}/task`).reduce(
    (sum, thread) => sum + Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
    0,
  );

/** Percent of one core that a daemon takes which has worked, with its connections to clients and broker open. */
export const idleCpu = (place: Place): Promise<Figure> =>
  withDaemonToKafka(place, {}, ({ daemon: { pid, socket }, topics, arrivals }) =>
    withSender(
      bulkTraffic({ socket, buckets: topics }, { connections: CONNECTIONS, perWrite: 10 }),
      async ({ send }) => {
        await arrivals.wait(arrivals.of(await send(10_000)));
        await sleep(SETTLE_MS);
        const [before, startedMs] = [cpuNanos(pid), performance.now()];
        await sleep(MEASURED_MS);
        const value = (cpuNanos(pid) - before) / 1e4 / (performance.now() - startedMs);
        return { value, note: `of one core, over ${MEASURED_MS / 1000} s, with ${CONNECTIONS} open connections` };
      },
    ),
  );
