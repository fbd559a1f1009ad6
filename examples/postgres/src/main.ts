/** A daemon with PostgreSQL among its sinks: `type` is `postgres` in its buckets.json. */
import { createDaemon, sinks } from 'kahets';
import { postgres } from './postgres';

const daemon = createDaemon({
  config: './buckets.json',
  environment: process.env,
  sinks: { ...sinks, postgres },
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
