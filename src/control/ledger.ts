import { emptyRow, spokenFor, type Drop, type Ledger, type LedgerRow } from '../model';

/** Where messages stand that no bucket took. */
const NO_BUCKET = '(none)';
/** Where buckets share a row once `maxBuckets` have one of their own. */
const OTHER_BUCKETS = '(other)';

type Row = { -readonly [K in Exclude<keyof LedgerRow, 'dropped'>]: LedgerRow[K] } & { dropped: Record<string, number> };

/**
 * The books, per bucket and stream. Client-chosen bucket names cannot grow them without end: past `maxBuckets` names the
 * others share a row.
 */
export const createLedger = (maxBuckets = 10_000): Ledger => {
  const buckets = new Map<string, Map<string, Row>>();

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
    refused(reason, count) {
      const row = rowOf(NO_BUCKET, NO_BUCKET);
      row.received += count;
      drop(row, { reason, count });
    },
    settled({ batch, outcomes }) {
      for (const outcome of outcomes) {
        const row = rowOf(batch.bucket, outcome.stream);
        row.delivered += outcome.delivered;
        row.backedUp += outcome.backedUp;
        row.deadLettered += outcome.deadLettered;
        row.sampledOut += outcome.sampledOut;
        row.duplicatesPossible += outcome.duplicatesPossible;
        for (const one of outcome.dropped) drop(row, one);
        row.held -= spokenFor(outcome);
      }
    },
    rows: () =>
      [...buckets.values()].flatMap((streams) =>
        [...streams.values()].map((row) => ({ ...row, dropped: { ...row.dropped } })),
      ),
  };
};
