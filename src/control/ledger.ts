import { emptyRow, spokenFor, type Drop, type Ledger, type LedgerRow, type Outcome, type StreamState } from '../model';

/** Where messages stand that no bucket took. */
const NO_BUCKET = '(none)';
/** Where buckets share a row once `maxBuckets` have one of their own. */
const OTHER_BUCKETS = '(other)';

type Row = { -readonly [K in Exclude<keyof LedgerRow, 'dropped'>]: LedgerRow[K] } & { dropped: Record<string, number> };

/**
 * The books, per bucket and stream. Client-chosen bucket names cannot grow them without end: past `maxBuckets` names the
 * others share a row.
 */
export const createLedger = (maxBuckets = 10_000, now: () => number = Date.now): Ledger => {
  const buckets = new Map<string, Map<string, Row>>();
  const states = new Map<string, StreamState>();

  const rowOf = (bucket: string, stream: string): Row => {
    const name = buckets.has(bucket) || buckets.size < maxBuckets || bucket === NO_BUCKET ? bucket : OTHER_BUCKETS;
    const streams = buckets.get(name) ?? new Map<string, Row>();
    buckets.set(name, streams);
    const row = streams.get(stream) ?? { ...emptyRow(name, stream), dropped: {} };
    streams.set(stream, row);
    return row;
  };
  const drop = (row: Row, { reason, count }: Drop): void => {
    row.dropped[reason] = (row.dropped[reason] ?? 0) + count;
  };

  const book = (row: Row, outcome: Outcome): void => {
    row.delivered += outcome.delivered;
    row.backedUp += outcome.backedUp;
    row.deadLettered += outcome.deadLettered;
    row.sampledOut += outcome.sampledOut;
    row.duplicatesPossible += outcome.duplicatesPossible;
    for (const one of outcome.dropped) drop(row, one);
  };

  return {
    received(bucket, streams) {
      const rows = streams.map((stream) => rowOf(bucket, stream));
      return (count) => {
        for (const row of rows) {
          row.received += count;
          row.held += count;
        }
      };
    },
    recovered(bucket, streams) {
      const rows = streams.map((stream) => rowOf(bucket, stream));
      return (count) => {
        for (const row of rows) {
          row.recovered += count;
          row.held += count;
          row.duplicatesPossible += count;
        }
      };
    },
    refused(reason, count) {
      const row = rowOf(NO_BUCKET, NO_BUCKET);
      row.received += count;
      drop(row, { reason, count });
    },
    settled({ batch, outcomes }) {
      for (const outcome of outcomes) {
        const row = rowOf(batch.bucket, outcome.stream);
        book(row, outcome);
        row.held -= spokenFor(outcome);
      }
    },
    found(bucket, stream, count) {
      const row = rowOf(bucket, stream);
      row.recovered += count;
      row.backedUp += count;
    },
    replayed(outcome) {
      const row = rowOf(outcome.batch.bucket, outcome.stream);
      book(row, outcome);
      row.backedUp -= spokenFor(outcome);
    },
    state(stream, bucket, breaker) {
      const key = JSON.stringify([stream, bucket]);
      if (bucket !== undefined && breaker.state === 'closed') states.delete(key);
      else states.set(key, { stream, ...(bucket !== undefined && { bucket }), breaker, sinceMs: now() });
    },
    rows: () =>
      [...buckets.values()].flatMap((streams) =>
        [...streams.values()].map((row) => ({ ...row, dropped: { ...row.dropped } })),
      ),
    states: () => [...states.values()],
  };
};
