import {
  AsyncSubject,
  asyncScheduler,
  catchError,
  concat,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  takeUntil,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { SinkError, type Batch, type Receipt, type Rest, type Write } from '../model';
import { carryDoubt } from './carryDoubt';
import { concatWrites } from './concatWrites';

export interface RetryOptions {
  /** The first wait; it doubles up to `maxMs`, each with a jitter of a fifth. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly random: () => number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Tries again what was unavailable, until it is taken or `giveUp$` emits; poison is not tried again. For sinks that do not
 * retry themselves. Writes of one bucket queue: while one fails, the later ones wait behind it, so their order stays.
 *
 *     write     --#        --r|
 *                        withRetry({ minMs: 8 })
 *     result    ------------r|
 */
export const withRetry =
  ({ minMs, maxMs, random, scheduler = asyncScheduler }: RetryOptions) =>
  (write: Write): Write => {
    const last = new Map<string, AsyncSubject<never>>();

    const attempt = (batch: Batch, giveUp$: Observable<unknown>, tries: number): Observable<Receipt> =>
      defer(() => write(batch, giveUp$)).pipe(
        catchError((error: unknown) => {
          if (!(error instanceof SinkError)) throw error;
          const again = error.rest.filter(isUnavailable);
          if (again.length === 0) throw error;
          const waitMs = Math.min(maxMs, minMs * 2 ** tries) * (0.8 + 0.4 * random());
          // After giveUp$ one more attempt follows, which fails at once with an exact rest: the sink's word, not ours.
          return concat(
            timer(waitMs, scheduler).pipe(ignoreElements(), takeUntil(giveUp$)),
            concatWrites(
              error.sink,
              again.map((rest) => attempt(rest.batch, giveUp$, tries + 1).pipe(carryDoubt(rest.written))),
              error.rest.filter((rest) => !isUnavailable(rest)),
            ),
          );
        }),
      );

    return (batch, giveUp$) =>
      defer(() => {
        const before: Observable<never> = last.get(batch.bucket) ?? EMPTY;
        const ended = new AsyncSubject<never>();
        last.set(batch.bucket, ended);
        return concat(before, attempt(batch, giveUp$, 0)).pipe(
          finalize(() => {
            if (last.get(batch.bucket) === ended) last.delete(batch.bucket);
            ended.complete();
          }),
        );
      });
  };

const isUnavailable = ({ cause }: Rest): boolean => cause.kind === 'unavailable';
