/** What the end-to-end specs share: Kafka where there is one, configurations, the ledger of the last log line. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';
import { emptyRow, type LedgerRow } from '../../src/model';
import { rowsIn, spokenRow } from './books';
import type { Ended } from './daemon';
import { BACK_SOON, freePorts, KAFKA_VARIABLE, startBroker, type Broker } from './kafka';
import { readTopic } from './kcat';
import type { Arrivals } from './numbered';

export const ROOT = path.resolve(__dirname, '../..');

const address = process.env[KAFKA_VARIABLE];

/** Skipped where there is no Kafka; the set-up says why. */
export const describeKafka = address === undefined ? describe.skip : describe;

/** Starts a broker that the cases of a block may stop, for `use`, and removes it after them. `settings`: further lines of server.properties. */
export const ownBroker = (use: (broker: Broker) => void, { settings = '' } = {}): void => {
  let broker: Broker | undefined;
  beforeAll(async () => {
    broker = await startBroker({ settings: `${BACK_SOON}${settings}` });
    use(broker);
  }, 120_000);
  afterAll(() => broker?.remove());
};

/** `host:port` of the shared broker. */
export const brokers = (): string => address ?? '';

/** An address at which nobody listens. */
export const noBroker = async (): Promise<string> => `127.0.0.1:${(await freePorts(1))[0]}`;

export const freshTopic = (name: string): string => `${name}-${randomUUID().slice(0, 8)}`;

/** A stream to Kafka that switches quickly, there and back, with a file backup in `./backup`. */
export const kafkaWithBackup = (address: string): unknown => ({
  type: 'kafka',
  settings: {
    'bootstrap.servers': address,
    'queue.buffering.max.ms': 50,
    'compression.codec': 'snappy',
    'reconnect.backoff.max.ms': 500,
  },
  backup: { type: 'file', settings: { path: './backup', fileNameTemplate: '{bucket}{PS}{ts}' } },
  failover: { afterMs: 2000, retryMs: 500 },
});

/** A stream to Kafka without a backup: where nobody listens, its messages wait. */
export const kafkaAlone = (address: string): unknown => ({
  type: 'kafka',
  settings: { 'bootstrap.servers': address, 'queue.buffering.max.ms': 20 },
});

export const fileStream = (folder = './copy'): unknown => ({
  type: 'file',
  settings: { path: folder, fileNameTemplate: '{bucket}{PS}{ts}' },
});

/** One bucket, without a default one. */
export const oneBucket = (id: string, streamsConfigs: Readonly<Record<string, unknown>>): unknown => ({
  streamsConfigs,
  buckets: [{ id, streams: Object.keys(streamsConfigs), batch: 10_000, batchTimeout: 100 }],
});

/** The ledger of the last line, which must be `stopped`; it must add up, with nothing held. */
export const finalLedger = ({ lines, output }: Ended): readonly LedgerRow[] => {
  const last = lines.at(-1);
  if (last?.msg !== 'stopped') throw new Error(`expected the last line to be "stopped":\n${output.slice(-4000)}`);
  expect(last).toHaveProperty('ledger');
  const rows = rowsIn(last);
  for (const row of rows) {
    expect(spokenRow(row)).toBe(row.received + row.recovered);
    expect(row.held).toBe(0);
  }
  return rows;
};

/** The row of a bucket and stream; an empty one where nothing was booked. */
export const rowOf = (rows: readonly LedgerRow[], bucket: string, stream: string): LedgerRow =>
  rows.find((each) => each.bucket === bucket && each.stream === stream) ?? emptyRow(bucket, stream);

/** How many were refused, by reason. */
export const refused = (rows: readonly LedgerRow[]): Readonly<Record<string, number>> =>
  rowOf(rows, '(none)', '(none)').dropped;

/** Adds all that stands in a topic; a key is to be in one partition. */
export const addTopic = (arrivals: Arrivals, address: string, topic: string): Promise<number> =>
  readTopic(address, topic, ({ key, value, partition }) =>
    arrivals.add(key ?? Buffer.alloc(0), value ?? Buffer.alloc(0), String(partition)),
  );

/** Runs clients/php/send.php. */
export const sendFromPhp = async (options: Readonly<Record<string, string | number>>): Promise<void> => {
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  await promisify(execFile)('php', [path.join(ROOT, 'clients/php/send.php'), ...args]);
};
