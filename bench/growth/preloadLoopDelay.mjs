/**
 * Loaded into the daemon by `--import`: measures how late its loop is from SIGUSR2 on, and writes that to loop-delay.json in its working
 * directory when it ends. A timer of 1 ms that is late: what of its distance is more than that.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;

const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();
process.on('SIGUSR2', () => histogram.reset());
process.on('exit', () => {
  const late = (nanoseconds) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  writeFileSync(
    'loop-delay.json',
    JSON.stringify({
      p50: late(histogram.percentile(50)),
      p99: late(histogram.percentile(99)),
      max: late(histogram.max),
    }),
  );
});
