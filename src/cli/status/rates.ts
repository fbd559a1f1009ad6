import type { StatusDocument } from '../../control/status/document';

/** Messages a second, from one document to the next. */
export interface Rates {
  readonly received: number;
  /** By stream. */
  readonly delivered: ReadonlyMap<string, number>;
}

/** Undefined where there is no document before, or it is another daemon's. */
export const ratesBetween = (before: StatusDocument | undefined, after: StatusDocument): Rates | undefined => {
  const seconds = before ? (after.daemon.nowMs - before.daemon.nowMs) / 1000 : 0;
  if (!before || seconds <= 0 || before.daemon.startedMs !== after.daemon.startedMs) return undefined;
  const delivered = new Map(before.streams.map(({ id, totals }) => [id, totals.delivered]));
  return {
    received: (after.received - before.received) / seconds,
    delivered: new Map(
      after.streams.map(({ id, totals }) => [id, (totals.delivered - (delivered.get(id) ?? 0)) / seconds]),
    ),
  };
};
