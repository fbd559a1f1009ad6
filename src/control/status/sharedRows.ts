import type { LedgerRow } from '../../model';
import { totalsOf } from './totals';

const dropsOf = (rows: readonly LedgerRow[]): LedgerRow['dropped'] => {
  const sums: Record<string, number> = {};
  for (const { dropped } of rows)
    for (const [reason, count] of Object.entries(dropped)) sums[reason] = (sums[reason] ?? 0) + count;
  return sums;
};

/** Adds up the rows of each stream whose buckets share a label: one of thousands is cheap here, and dear where it is written. */
export const sharedRows = (rows: readonly LedgerRow[], labelOf: (bucket: string) => string): readonly LedgerRow[] => {
  const own: LedgerRow[] = [];
  const shared = new Map<string, Map<string, LedgerRow[]>>();
  for (const row of rows) {
    const label = labelOf(row.bucket);
    if (label === row.bucket) {
      own.push(row);
      continue;
    }
    const streams = shared.get(label) ?? new Map<string, LedgerRow[]>();
    shared.set(label, streams);
    const together = streams.get(row.stream);
    if (together) together.push(row);
    else streams.set(row.stream, [row]);
  }
  return [
    ...own,
    ...[...shared].flatMap(([bucket, streams]) =>
      [...streams].map(([stream, together]) => ({
        ...totalsOf(together),
        ...{ bucket, stream, dropped: dropsOf(together) },
      })),
    ),
  ];
};
