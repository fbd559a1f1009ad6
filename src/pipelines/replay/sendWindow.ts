import { catchError, defer, forkJoin, map, of, reduce, type Observable } from 'rxjs';
import {
  emptyOutcome,
  SinkError,
  spokenFor,
  type Drop,
  type Outcome,
  type Receipt,
  type Rest,
  type Write,
} from '../../model';
import { isPoison } from '../../operators/handOver';
import { withSinkErrors } from '../../operators/withSinkErrors';

/** Messages to be sent on; `unknown`: they may be there already. */
export type ToSend = Pick<Rest, 'batch' | 'written'>;

/** What became of messages that were sent on. */
export interface Sent {
  /** What is settled, and how much of what was sent may be twice, for the ledger. */
  readonly outcomes: readonly Outcome[];
  /** What was not taken, and may be later. */
  readonly left: readonly Rest[];
}

interface Sum {
  readonly outcome: Outcome;
  readonly left: readonly Rest[];
}

const withReceipt = (outcome: Outcome, { how, batch, maybeTwice }: Receipt): Outcome => ({
  ...outcome,
  [how]: outcome[how] + batch.count,
  duplicatesPossible: outcome.duplicatesPossible + (maybeTwice ? batch.count : 0),
});

const withDrop = (outcome: Outcome, drop: Drop): Outcome =>
  drop.count > 0 ? { ...outcome, dropped: [...outcome.dropped, drop] } : outcome;

const withDoubt = (outcome: Outcome, { batch, written }: ToSend): Outcome =>
  written === 'no' ? outcome : { ...outcome, duplicatesPossible: outcome.duplicatesPossible + batch.count };

/** Each attempt that may have gone well counts: all of them may be there. So what is left of it goes on without a doubt. */
const add = ({ outcome, left }: Sum, entry: Receipt | Rest): Sum => {
  if (!('cause' in entry)) return { outcome: withReceipt(outcome, entry), left };
  return isPoison(entry)
    ? { outcome: withDrop(outcome, { reason: 'poison', count: entry.batch.count }), left }
    : { outcome: withDoubt(outcome, entry), left: [...left, { ...entry, written: 'no' }] };
};

/** Messages of which the sink, against its contract, says nothing. */
const balance = ({ outcome, left }: Sum): Sum => {
  const silent = left.reduce((count, { batch }) => count - batch.count, outcome.batch.count - spokenFor(outcome));
  return { outcome: withDrop(outcome, { reason: 'unexpected', count: silent }), left };
};

const sendOne =
  (stream: string, write: Write, giveUp$: Observable<unknown>) =>
  ({ batch, written }: ToSend): Observable<Sum> =>
    defer(() => write(batch, giveUp$)).pipe(
      catchError((error: unknown) => {
        if (error instanceof SinkError) return error.rest;
        throw error;
      }),
      reduce(add, { outcome: withDoubt(emptyOutcome(stream, batch), { batch, written }), left: [] }),
      map(balance),
    );

/**
 * Writes batches, all at once and those of a bucket in their order, and says what became of them when the last one has ended.
 * It never fails: what the sink throws leaves the whole batch, unknown.
 *
 *     a         --r|
 *     b         -----#          rest = b
 *     result    -----(s|)       s = { outcomes: a delivered, left: b }
 */
export const sendWindow = (
  stream: string,
  parts: readonly ToSend[],
  write: Write,
  giveUp$: Observable<unknown>,
): Observable<Sent> =>
  parts.length === 0
    ? of({ outcomes: [], left: [] })
    : forkJoin(parts.map(sendOne(stream, withSinkErrors(stream)(write), giveUp$))).pipe(
        map((sums) => ({
          outcomes: sums
            .map(({ outcome }) => outcome)
            .filter((outcome) => spokenFor(outcome) > 0 || outcome.duplicatesPossible > 0),
          left: sums.flatMap(({ left }) => left),
        })),
      );
