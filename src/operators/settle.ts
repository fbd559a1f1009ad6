import { defer, Observable, of } from 'rxjs';
import {
  emptyOutcome,
  SinkError,
  spokenFor,
  type Deliver,
  type Outcome,
  type Receipt,
  type Unsettled,
  type Write,
} from '../model';

type Entry =
  | { readonly how: Receipt['how']; readonly count: number; readonly maybeTwice: boolean }
  | { readonly how: 'dropped'; readonly count: number; readonly reason: string };

const receiptEntry = ({ how, batch, maybeTwice }: Receipt): Entry => ({ how, count: batch.count, maybeTwice });

/** What a failure leaves without a receipt; nothing where it does not say, since the balance finds that. */
const failureEntries = (error: unknown): readonly Entry[] =>
  error instanceof SinkError
    ? error.rest.map(({ batch, cause }) => ({ how: 'dropped', count: batch.count, reason: cause.kind }))
    : [];

const add = (outcome: Outcome, entry: Entry): Outcome =>
  entry.how === 'dropped'
    ? { ...outcome, dropped: [...outcome.dropped, { reason: entry.reason, count: entry.count }] }
    : {
        ...outcome,
        [entry.how]: outcome[entry.how] + entry.count,
        duplicatesPossible: outcome.duplicatesPossible + (entry.maybeTwice ? entry.count : 0),
      };

/** Messages that neither a receipt nor a failure speaks for are dropped as `unexpected`. */
const balance = (outcome: Outcome): Outcome => {
  const missing = outcome.batch.count - spokenFor(outcome);
  return missing > 0
    ? { ...outcome, dropped: [...outcome.dropped, { reason: 'unexpected', count: missing }] }
    : outcome;
};

/**
 * Ends a stream's policy: adds up receipts and failure into exactly one outcome, never an error. An empty batch is not
 * written.
 *
 *     write     --r-r--#
 *                        settle('kafka_01', giveUp$)
 *     result    -------(o|)
 *
 * @param giveUp$ told to every write: when it emits, they fail promptly (the end of a drain)
 * @param writing is shown every batch from its write to its outcome: one that is left before that stays in sight
 * @param now the time that outcomes bear. Default: they bear none
 */
export const settle =
  (
    stream: string,
    giveUp$: Observable<unknown>,
    writing: Unsettled['writing'] = () => () => undefined,
    now?: () => number,
  ) =>
  (write: Write): Deliver =>
  (batch) =>
    batch.count === 0
      ? of(emptyOutcome(stream, batch))
      : new Observable((destination) => {
          let outcome = emptyOutcome(stream, batch);
          const forget = writing(stream, batch);
          const end = (): void => {
            forget();
            const whole = balance(outcome);
            destination.next(now ? { ...whole, settledMs: now() } : whole);
            destination.complete();
          };
          destination.add(
            defer(() => write(batch, giveUp$)).subscribe({
              next: (receipt) => (outcome = add(outcome, receiptEntry(receipt))),
              error: (error: unknown) => {
                outcome = failureEntries(error).reduce(add, outcome);
                end();
              },
              complete: end,
            }),
          );
        });
