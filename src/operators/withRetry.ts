import {
  AsyncSubject,
  asyncScheduler,
  catchError,
  concat,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  merge,
  observeOn,
  of,
  queueScheduler,
  repeat,
  subscribeOn,
  take,
  throwError,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { SinkError, type Receipt, type Rest, type Write } from '../model';
import { carryDoubt } from './carryDoubt';

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

    const wait = (tries: number, giveUp$: Observable<unknown>): Observable<unknown> => {
      const ms = Math.min(maxMs, minMs * 2 ** tries) * (0.8 + 0.4 * random());
      // After giveUp$ one more attempt follows, which fails at once with an exact rest: the sink's word, not ours.
      return merge(timer(ms, scheduler), giveUp$).pipe(take(1));
    };

    /** Goes on, part by part in order, until nothing is left that may be taken later. A loop: nested, an outage would fill memory. */
    const goOn = ({ sink, rest }: SinkError, giveUp$: Observable<unknown>): Observable<Receipt> =>
      defer(() => {
        const failed: Rest[] = [];
        let left: readonly Rest[] = [];
        let tries = 0;
        const sort = (found: readonly Rest[], behind: readonly Rest[]): void => {
          failed.push(...found.filter((one) => !isUnavailable(one)));
          left = [...found.filter(isUnavailable), ...behind];
        };
        const next$ = defer(() => {
          const [first, ...behind] = left;
          if (!first) return EMPTY;
          left = behind;
          const before = tries;
          tries = 0;
          return defer(() => write(first.batch, giveUp$)).pipe(
            carryDoubt(first.written),
            catchError((error: unknown) => {
              if (!(error instanceof SinkError)) throw error;
              tries = before + 1;
              sort(error.rest, behind);
              return EMPTY;
            }),
          );
        });
        sort(rest, []);
        return concat(
          wait(0, giveUp$).pipe(ignoreElements()),
          next$.pipe(
            repeat({
              // By a queue: parts that end at once would begin one within the other, and the stack end with them.
              delay: () =>
                left.length === 0
                  ? EMPTY
                  : (tries === 0 ? of(undefined) : wait(tries, giveUp$)).pipe(observeOn(queueScheduler)),
            }),
          ),
          defer(() => (failed.length > 0 ? throwError(() => new SinkError(sink, failed)) : EMPTY)),
        );
      });

    const attempt: Write = (batch, giveUp$) =>
      defer(() => write(batch, giveUp$)).pipe(
        catchError((error: unknown) => {
          if (error instanceof SinkError && error.rest.some(isUnavailable)) return goOn(error, giveUp$);
          throw error;
        }),
      );

    return (batch, giveUp$) =>
      defer(() => {
        const before = last.get(batch.bucket);
        const ended = new AsyncSubject<never>();
        last.set(batch.bucket, ended);
        const written$ = attempt(batch, giveUp$).pipe(catchError(afterwards));
        return (before ? concat(before, written$) : written$).pipe(
          finalize(() => {
            if (last.get(batch.bucket) === ended) last.delete(batch.bucket);
            queueScheduler.schedule(() => ended.complete());
          }),
        );
      });
  };

/**
 * Where many wait and all are told to give up, each failure lets the next one fail: one after the other by a queue, not one within
 * the other, which would turn their order round and end with a stack that is too deep.
 */
const afterwards = (error: unknown): Observable<never> => throwError(() => error).pipe(subscribeOn(queueScheduler));

const isUnavailable = ({ cause }: Rest): boolean => cause.kind === 'unavailable';
