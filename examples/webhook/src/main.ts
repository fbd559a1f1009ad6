/** A daemon with the webhook among its sinks: `type` is `webhook` in its buckets.json. */
import { createDaemon, sinks } from 'kahets';
import { webhook } from './webhook';

const daemon = createDaemon({
  config: './buckets.json',
  environment: process.env,
  sinks: { ...sinks, webhook },
});

for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void daemon.stop());
process.once('uncaughtException', (error) => {
  daemon.spill(error);
  process.exit(1);
});

void daemon.run().then(
  ({ lost }) => (process.exitCode = lost > 0 ? 1 : 0),
  (error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  },
);
