import type { LedgerRow } from '../../model';

/** Messages, added up. */
export interface Totals {
  readonly received: number;
  readonly recovered: number;
  readonly delivered: number;
  /** What lies in backups now. */
  readonly backedUp: number;
  readonly deadLettered: number;
  readonly dropped: number;
  readonly sampledOut: number;
  readonly held: number;
  readonly duplicatesPossible: number;
}

export const droppedOf = ({ dropped }: LedgerRow): number =>
  Object.values(dropped).reduce((sum, count) => sum + count, 0);

/** The sums of rows, which are those of one stream: of several, a message counts on each. */
export const totalsOf = (rows: readonly LedgerRow[]): Totals => {
  const sums = {
    ...{ received: 0, recovered: 0, delivered: 0, backedUp: 0, deadLettered: 0 },
    ...{ dropped: 0, sampledOut: 0, held: 0, duplicatesPossible: 0 },
  };
  for (const row of rows) {
    sums.received += row.received;
    sums.recovered += row.recovered;
    sums.delivered += row.delivered;
    sums.backedUp += row.backedUp;
    sums.deadLettered += row.deadLettered;
    sums.dropped += droppedOf(row);
    sums.sampledOut += row.sampledOut;
    sums.held += row.held;
    sums.duplicatesPossible += row.duplicatesPossible;
  }
  return sums;
};

/** Messages that clients have sent: each once, however many streams its bucket has. */
export const receivedOf = (rows: readonly LedgerRow[]): number => {
  const buckets = new Map<string, number>();
  for (const { bucket, received } of rows) buckets.set(bucket, Math.max(received, buckets.get(bucket) ?? 0));
  return [...buckets.values()].reduce((sum, count) => sum + count, 0);
};
