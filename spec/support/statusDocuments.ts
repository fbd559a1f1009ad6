import type { StatusDocument, StreamStatus } from '../../src/control/status/document';
import type { RatedRow } from '../../src/control/status/snapshot';
import type { Totals } from '../../src/control/status/totals';
import { emptyRow } from '../../src/model';

/** Of documents that are no more than looked at: the daemon has run for a minute. */
export const NOW_MS = 1_700_000_060_000;

export const totals = (counts: Partial<Totals> = {}): Totals => ({
  ...{ received: 0, recovered: 0, delivered: 0, backedUp: 0, deadLettered: 0, dropped: 0, sampledOut: 0, held: 0 },
  duplicatesPossible: 0,
  ...counts,
});

/** A stream that is up and has nothing to tell. */
export const streamStatus = (id: string, parts: Partial<StreamStatus> = {}): StreamStatus => ({
  ...{ id, type: 'kafka', to: 'Kafka at k1:9092', slice: 1, state: 'up', sinceMs: NOW_MS - 60_000, cause: undefined },
  ...{ totals: totals(), backup: undefined, deadLetter: undefined, topicsInTrouble: 0, topics: [] },
  spool: { files: 0, bytes: 0, oldestMs: undefined },
  ...parts,
});

export const bucketRow = (bucket: string, counts: Partial<RatedRow> = {}): RatedRow => ({
  ...emptyRow(bucket, 'kafka'),
  ...counts,
});

/** What a daemon says to which nothing has happened. */
export const statusDocumentOf = (
  parts: Partial<Omit<StatusDocument, 'daemon' | 'memory'>> & {
    readonly daemon?: Partial<StatusDocument['daemon']>;
    readonly memory?: Partial<StatusDocument['memory']>;
  } = {},
): StatusDocument => ({
  ...{ version: 1, connections: 2, received: 0, refused: 0, streams: [streamStatus('kafka')], discards: [], lines: [] },
  syncs: { delivered: 0, backedUp: 0, dropped: 0 },
  buckets: { matching: 0, rows: [] },
  ...parts,
  daemon: {
    ...{ version: '1.2.3', pid: 7, hostname: 'here', socket: '/run/k.sock', startedMs: NOW_MS - 60_000, nowMs: NOW_MS },
    ...{
      phase: 'listening',
      ready: true,
      reasons: [],
      reloads: { begun: 0, succeeded: 0, failed: 0, last: undefined },
    },
    ...parts.daemon,
  },
  memory: {
    ...{ heldBytes: 0, highBytes: 64 << 20, residentBytes: 100 << 20, maxBytes: 250 << 20, full: false },
    ...parts.memory,
  },
});
