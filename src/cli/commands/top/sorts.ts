import type { RatedRow } from '../../../control/status/snapshot';
import { droppedOf } from '../../../control/status/totals';

/** What rows of buckets are sorted by, in the order in which a key goes through it; what comes first has most of it. */
export const SORTS = ['rate', 'received', 'waiting', 'lost', 'name'] as const;
export type Sort = (typeof SORTS)[number];

const MEASURES: Readonly<Record<Exclude<Sort, 'name'>, (row: RatedRow) => number>> = {
  rate: ({ perSecond = 0 }) => perSecond,
  received: ({ received }) => received,
  waiting: ({ held, backedUp }) => held + backedUp,
  lost: (row) => droppedOf(row) + row.deadLettered,
};

const byName = (one: RatedRow, other: RatedRow): number => {
  const [left, right] = [`${one.bucket}\0${one.stream}`, `${other.bucket}\0${other.stream}`];
  return left < right ? -1 : left > right ? 1 : 0;
};

/** Rows in order; those that are equal by their names, so that none jumps. */
export const sorted = (rows: readonly RatedRow[], sort: Sort): readonly RatedRow[] => {
  if (sort === 'name') return [...rows].sort(byName);
  const measure = MEASURES[sort];
  return [...rows].sort(
    (one, other) => measure(other) - measure(one) || other.received - one.received || byName(one, other),
  );
};

export const sortAfter = (sort: Sort): Sort => SORTS[(SORTS.indexOf(sort) + 1) % SORTS.length] ?? 'rate';
