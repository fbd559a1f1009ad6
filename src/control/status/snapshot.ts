import type { LedgerRow } from '../../model';

/** A row of the books, and how fast it grows. */
export interface RatedRow extends LedgerRow {
  /** Messages received a second since the snapshot before; undefined where there is none. */
  readonly perSecond?: number;
}

/** The books at a moment. */
export interface Snapshot {
  readonly atMs: number;
  readonly rows: readonly RatedRow[];
}

const keyOf = ({ bucket, stream }: LedgerRow): string => `${bucket}\0${stream}`;

/** The rows as they are now, with their rates since `before`. */
export const snapshotOf = (rows: readonly LedgerRow[], atMs: number, before?: Snapshot): Snapshot => {
  const seconds = before ? (atMs - before.atMs) / 1000 : 0;
  if (!before || seconds <= 0) return { atMs, rows };
  const received = new Map(before.rows.map((row) => [keyOf(row), row.received]));
  return {
    atMs,
    rows: rows.map((row) => ({ ...row, perSecond: (row.received - (received.get(keyOf(row)) ?? 0)) / seconds })),
  };
};
