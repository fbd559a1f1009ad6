import { catchError, concat, defer, EMPTY, queueScheduler, subscribeOn, throwError, type Observable } from 'rxjs';
import { SinkError, type Receipt, type Rest } from '../model';

/**
 * Runs writes one after the other, each to its end, and then fails with all that failed, `already` before the others.
 *
 *     first     -r-#
 *     second       --r|
 *     result    -r---r#      rest = already + first's rest
 */
export const concatWrites = (
  sink: string,
  writes: readonly Observable<Receipt>[],
  already: readonly Rest[] = [],
): Observable<Receipt> =>
  defer(() => {
    const failed = [...already];
    const kept = (error: unknown): Observable<never> => {
      if (!(error instanceof SinkError)) throw error;
      failed.push(...error.rest);
      return EMPTY;
    };
    return concat(
      // By a queue: many that end at once would begin one within the other, and the stack end with them.
      ...writes.map((write$) => write$.pipe(catchError(kept), subscribeOn(queueScheduler))),
      defer(() => (failed.length > 0 ? throwError(() => new SinkError(sink, failed)) : EMPTY)),
    );
  });
