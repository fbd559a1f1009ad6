import { emptyRow, spokenFor, type Drop, type Ledger, type LedgerRow, type Outcome, type StreamState } from '../model';

/** Where messages stand that no bucket took. */
export const NO_BUCKET = '(none)';
/** Where buckets share a row once `maxBuckets` have one of their own. */
export const OTHER_BUCKETS = '(other)';

/** By status. */
const SYNC_COLUMNS = ['delivered', 'backedUp', 'dropped'] as const;

type Row = { -readonly [K in Exclude<keyof LedgerRow, 'dropped'>]: LedgerRow[K] } & { dropped: Record<string, number> };

/** The first `count` messages that an outcome speaks for, and the others. */
const split = (outcome: Outcome, count: number): readonly [Outcome, Outcome] => {
  let left = count;
  const cut = (all: number): readonly [number, number] => {
    const taken = Math.min(all, left);
    left -= taken;
    return [taken, all - taken];
  };
  const columns = (['delivered', 'backedUp', 'deadLettered', 'sampledOut'] as const).map(
    (column) => [column, cut(outcome[column])] as const,
  );
  const drops = outcome.dropped.map(({ reason, count: all }) => [reason, cut(all)] as const);
  const doubtful = Math.min(outcome.duplicatesPossible, count);
  const side = (index: 0 | 1, duplicatesPossible: number): Outcome => ({
    ...outcome,
    ...Object.fromEntries(columns.map(([column, counts]) => [column, counts[index]])),
    dropped: drops.map(([reason, counts]) => ({ reason, count: counts[index] })).filter((drop) => drop.count > 0),
    duplicatesPossible,
  });
  return [side(0, doubtful), side(1, outcome.duplicatesPossible - doubtful)];
};

/**
 * The books, per bucket and stream. Client-chosen bucket names cannot grow them without end: past `maxBuckets` names the
 * others share a row.
 */
export const createLedger = (maxBuckets = 10_000, now: () => number = Date.now): Ledger => {
  const buckets = new Map<string, Map<string, Row>>();
  const states = new Map<string, StreamState>();
  /** Of rows, what lies in a backup under the name of another bucket, by that name and its stream. */
  const elsewhere = new Map<string, Map<Row, number>>();
  const syncs = { delivered: 0, backedUp: 0, dropped: 0 };

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

  const placeOf = (bucket: string, stream: string): string => JSON.stringify([stream, bucket]);
  const lieElsewhere = (row: Row, bucket: string, count: number): void => {
    const own = placeOf(bucket, row.stream);
    const place = elsewhere.has(own) || elsewhere.size < maxBuckets ? own : placeOf(OTHER_BUCKETS, row.stream);
    const rows = elsewhere.get(place) ?? new Map<Row, number>();
    elsewhere.set(place, rows.set(row, (rows.get(row) ?? 0) + count));
  };
  /** Books what came out of a backup where it is booked as lying there, and returns what is booked under its own name. */
  const bookElsewhere = (place: string, outcome: Outcome): Outcome => {
    let rest = outcome;
    for (const [row, lying] of elsewhere.get(place) ?? []) {
      const [part, others] = split(rest, lying);
      const count = spokenFor(part);
      book(row, part);
      row.backedUp -= count;
      rest = others;
      if (count === lying) elsewhere.get(place)?.delete(row);
      else elsewhere.get(place)?.set(row, lying - count);
    }
    if (elsewhere.get(place)?.size === 0) elsewhere.delete(place);
    return rest;
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
        for (const [bucket, count] of outcome.backedUpAs ?? []) lieElsewhere(row, bucket, count);
      }
    },
    found(bucket, stream, count) {
      const row = rowOf(bucket, stream);
      row.recovered += count;
      row.backedUp += count;
    },
    replayed(outcome) {
      const { batch, stream } = outcome;
      const named = buckets.has(batch.bucket) ? [batch.bucket] : [batch.bucket, OTHER_BUCKETS];
      const own =
        elsewhere.size === 0
          ? outcome
          : named.reduce((rest, name) => bookElsewhere(placeOf(name, stream), rest), outcome);
      const count = spokenFor(own);
      if (count + own.duplicatesPossible === 0) return;
      const row = rowOf(batch.bucket, stream);
      book(row, own);
      row.backedUp -= count;
    },
    synced(status) {
      syncs[SYNC_COLUMNS[status]] += 1;
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
    syncs: () => ({ ...syncs }),
    states: () => [...states.values()],
  };
};
