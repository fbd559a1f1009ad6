import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { LedgerRow, Settled } from '../../model';
import { createBucketLabels } from '../status/bucketLabels';
import { sharedRows } from '../status/sharedRows';
import type { StatusDocument } from '../status/document';
import { STREAM_STATES } from '../status/streamStates';

/** What is scraped. */
export interface Metrics {
  readonly contentType: string;
  /** The metrics as text; `rows` are all of the books. */
  readonly text: (document: StatusDocument, rows: readonly LedgerRow[]) => Promise<string>;
  /** A batch has settled. */
  readonly settled: (settled: Settled) => void;
}

const BY_ROW = ['bucket', 'stream'] as const;

/** Counted by the books; each value is read from them at a scrape. */
const COUNTERS: readonly (readonly [name: string, help: string, value: (row: LedgerRow) => number])[] = [
  [
    'kahets_messages_received_total',
    'Messages accepted from clients, on each stream of their bucket',
    ({ received }) => received,
  ],
  [
    'kahets_messages_recovered_total',
    'Messages that an earlier process left, found at the start',
    ({ recovered }) => recovered,
  ],
  ['kahets_messages_delivered_total', 'Messages that the stream has acknowledged', ({ delivered }) => delivered],
  [
    'kahets_messages_dead_lettered_total',
    'Messages that no sink takes, kept as dead letters',
    ({ deadLettered }) => deadLettered,
  ],
  [
    'kahets_messages_sampled_out_total',
    'Messages that the slice of the stream, or an operator, left out',
    ({ sampledOut }) => sampledOut,
  ],
  [
    'kahets_duplicates_possible_total',
    'Messages that may have been delivered twice',
    ({ duplicatesPossible }) => duplicatesPossible,
  ],
];

const ROW_GAUGES: typeof COUNTERS = [
  ['kahets_held_messages', 'Messages accepted and not settled', ({ held }) => held],
  ['kahets_backup_messages', 'Messages that lie in the backup now', ({ backedUp }) => backedUp],
];

const GAUGES: readonly (readonly [name: string, help: string, value: (document: StatusDocument) => number])[] = [
  ['kahets_held_bytes', 'Bytes read from clients and not settled', ({ memory }) => memory.heldBytes],
  ['kahets_held_high_bytes', 'Bytes held at which reading pauses', ({ memory }) => memory.highBytes],
  ['kahets_memory_max_bytes', 'Bound of the resident set (MAXMEMORY)', ({ memory }) => memory.maxBytes],
  ['kahets_memory_full', '1 while reading pauses since memory is full', ({ memory }) => Number(memory.full)],
  ['kahets_connections', 'Open connections of clients', ({ connections }) => connections],
  ['kahets_ready', '1 while clients are accepted and read', ({ daemon }) => Number(daemon.ready)],
];

type StreamStatus = StatusDocument['streams'][number];

const STREAM_GAUGES: readonly (readonly [name: string, help: string, value: (stream: StreamStatus) => number])[] = [
  [
    'kahets_backup_files',
    'Closed files that wait to be sent on',
    ({ backup, spool }) => (backup?.waiting.files ?? 0) + spool.files,
  ],
  [
    'kahets_backup_bytes',
    'Bytes of the closed files that wait to be sent on',
    ({ backup, spool }) => (backup?.waiting.bytes ?? 0) + spool.bytes,
  ],
  [
    'kahets_topics_in_trouble',
    'Buckets that the stream does not take, though it takes others',
    ({ topicsInTrouble }) => topicsInTrouble,
  ],
];

const SIZES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000];
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** How often the delay of the event loop is measured; it is a part of what is told. More often, and it keeps an idle process busy. */
const LOOP_EVERY_MS = 50;

/** prom-client takes numbers alone, and a clock may be put back. */
const secondsSince = (arrivedMs: number, nowMs: number): number => Math.max(0, nowMs - arrivedMs) / 1000;

export interface MetricsOptions {
  readonly now: () => number;
  /** Of the program. */
  readonly version: string;
  readonly nodeVersion: string;
}

/**
 * The metrics of the daemon, as prom-client writes them. Counts are read from the books when somebody asks; what is not in them is
 * observed once a batch. The metrics of the process are gathered from the first scrape on.
 */
export const createMetrics = ({ now, version, nodeVersion }: MetricsOptions): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const labelOf = createBucketLabels();

  const sizes = new Histogram({
    ...{ name: 'kahets_batch_size', help: 'Messages of a batch, by what closed it', registers },
    ...{ labelNames: ['closed_by'] as const, buckets: SIZES },
  });
  const seconds = new Histogram({
    ...{
      name: 'kahets_delivery_seconds',
      help: 'From the arrival of the oldest message of a batch until the stream was done with it',
      registers,
    },
    ...{ labelNames: ['stream'] as const, buckets: SECONDS },
  });
  const backedUp = new Counter({
    ...{
      name: 'kahets_messages_backed_up_total',
      help: 'Messages that went to the backup',
      registers,
      labelNames: BY_ROW,
    },
  });
  const dropped = new Counter({
    ...{ name: 'kahets_messages_dropped_total', help: 'Messages that went nowhere, by reason', registers },
    labelNames: [...BY_ROW, 'reason'] as const,
  });
  const counters = COUNTERS.map(
    ([name, help, value]) => [new Counter({ name, help, registers, labelNames: BY_ROW }), value] as const,
  );
  const rowGauges = ROW_GAUGES.map(
    ([name, help, value]) => [new Gauge({ name, help, registers, labelNames: BY_ROW }), value] as const,
  );
  const gauges = GAUGES.map(([name, help, value]) => [new Gauge({ name, help, registers }), value] as const);
  const streamGauges = STREAM_GAUGES.map(
    ([name, help, value]) => [new Gauge({ name, help, registers, labelNames: ['stream'] as const }), value] as const,
  );
  const reloads = new Counter({
    ...{ name: 'kahets_reloads_total', help: 'Reloads of the configuration, by their result', registers },
    labelNames: ['result'] as const,
  });
  const syncs = new Counter({
    ...{ name: 'kahets_syncs_total', help: 'Syncs answered, by the worst that their messages met', registers },
    labelNames: ['status'] as const,
  });
  const states = new Gauge({
    ...{ name: 'kahets_stream_state', help: '1 for the state that the stream is in, 0 for the others', registers },
    labelNames: ['stream', 'state'] as const,
  });
  new Gauge({
    ...{ name: 'kahets_build_info', help: '1; the labels say which program it is', registers },
    labelNames: ['version', 'node'] as const,
  }).set({ version, node: nodeVersion }, 1);
  let gathersProcess = false;

  const readRows = (rows: readonly LedgerRow[]): void => {
    for (const [metric] of [...counters, ...rowGauges]) metric.reset();
    dropped.reset();
    for (const row of sharedRows(rows, labelOf)) {
      const labels = { bucket: row.bucket, stream: row.stream };
      for (const [metric, value] of counters) metric.inc(labels, value(row));
      for (const [metric, value] of rowGauges) metric.inc(labels, value(row));
      for (const [reason, count] of Object.entries(row.dropped)) dropped.inc({ ...labels, reason }, count);
    }
  };
  const readStreams = (streams: readonly StreamStatus[]): void => {
    states.reset();
    for (const [metric] of streamGauges) metric.reset();
    for (const stream of streams) {
      for (const state of STREAM_STATES) states.set({ stream: stream.id, state }, Number(state === stream.state));
      for (const [metric, value] of streamGauges) metric.set({ stream: stream.id }, value(stream));
    }
  };

  return {
    contentType: registry.contentType,
    text: (document, rows) => {
      if (!gathersProcess) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_EVERY_MS });
      gathersProcess = true;
      readRows(rows);
      readStreams(document.streams);
      for (const [metric, value] of gauges) metric.set(value(document));
      reloads.reset();
      reloads.inc({ result: 'succeeded' }, document.daemon.reloads.succeeded);
      reloads.inc({ result: 'failed' }, document.daemon.reloads.failed);
      syncs.reset();
      syncs.inc({ status: 'delivered' }, document.syncs.delivered);
      syncs.inc({ status: 'backed_up' }, document.syncs.backedUp);
      syncs.inc({ status: 'dropped' }, document.syncs.dropped);
      return registry.metrics();
    },
    settled: ({ batch, outcomes }) => {
      sizes.observe({ closed_by: batch.closedBy }, batch.count);
      const [oldest] = batch.frames;
      for (const { stream, backedUp: count, sampledOut, settledMs = now() } of outcomes) {
        // A stream that its slice left nothing of has not done anything.
        if (oldest && sampledOut < batch.count) seconds.observe({ stream }, secondsSince(oldest.arrivedMs, settledMs));
        if (count > 0) backedUp.inc({ bucket: labelOf(batch.bucket), stream }, count);
      }
    },
  };
};
