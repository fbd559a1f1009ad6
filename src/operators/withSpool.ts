import { catchError, concatMap, map, merge, NEVER, of, take, tap, throwError, type Observable } from 'rxjs';
import { SinkError, type Batch, type Receipt, type Rest, type Write } from '../model';
import { carryDoubt } from './carryDoubt';
import { concatWrites } from './concatWrites';
import { isPoison } from './handOver';

/**
 * Keeps for the next start what no sink took when the drain gave up, and what failed in a way that nobody expected. It stands
 * outermost, so that it has what the dead letters did not take in time, too; poison itself is none of its business, nor what a
 * deadline of the stream's own has ended.
 *
 *     write     --r--#               rest = half of the batch
 *     giveUp$   ----g
 *     spool          --r|
 *     result    --r----s|            s = r, backed up
 *
 * The spool is not told to give up: there is nothing behind it but the end of the process, which writes what is not settled by
 * then. So what it does not take once `giveUp$` has emitted is never a failure; it stays unsettled.
 *
 *     spool          --#
 *     result    --r------------
 *
 * @param left is told of a batch which parts of it have no receipt, from the failure of the other sinks on
 */
export const withSpool =
  (spool: Write, left: (batch: Batch, parts: readonly Batch[]) => void = () => undefined) =>
  (write: Write): Write =>
  (batch, giveUp$) =>
    write(batch, giveUp$).pipe(
      catchError((error: unknown) =>
        hasEmitted(giveUp$).pipe(
          concatMap((told) => {
            const takes = (rest: Rest): boolean => !isPoison(rest) && (told || rest.cause.kind === 'unexpected');
            if (!(error instanceof SinkError && error.rest.some(takes))) return throwError(() => error);
            const kept: Write = () => keep(error, takes, spool, (parts) => left(batch, parts));
            return leftInSight(kept)(batch, giveUp$);
          }),
        ),
      ),
    );

/** What is not taken once `giveUp$` has emitted is never a failure: it stays unsettled, for the end of the process. Poison is one. */
export const leftInSight =
  (write: Write): Write =>
  (batch, giveUp$) =>
    write(batch, giveUp$).pipe(
      catchError((failure: unknown) =>
        hasEmitted(giveUp$).pipe(
          concatMap((late) => (late && isWorthKeeping(failure) ? NEVER : throwError(() => failure))),
        ),
      ),
    );

const hasEmitted = (giveUp$: Observable<unknown>): Observable<boolean> =>
  merge(giveUp$.pipe(map(() => true)), of(false)).pipe(take(1));

const isWorthKeeping = (failure: unknown): boolean => failure instanceof SinkError && !failure.rest.every(isPoison);

/** Writes what `takes` picks of what has failed; `left` is told what has no receipt. */
const keep = (
  { sink, rest: failed }: SinkError,
  takes: (rest: Rest) => boolean,
  spool: Write,
  left: (parts: readonly Batch[]) => void,
): Observable<Receipt> => {
  const parts = new Set(failed.map(({ batch }) => batch));
  left([...parts]);
  const written = failed.filter(takes).map(({ batch, written: doubt }) =>
    spool(batch, NEVER).pipe(
      map((receipt): Receipt => ({ ...receipt, how: 'backedUp' })),
      carryDoubt(doubt),
      tap({
        complete: () => {
          parts.delete(batch);
          left([...parts]);
        },
      }),
    ),
  );
  const others = failed.filter((rest) => !takes(rest));
  return concatWrites(sink, written, others);
};
