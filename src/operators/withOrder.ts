import { catchError, concat, defer, finalize, merge, mergeMap, take, type Observable, type SchedulerLike } from 'rxjs';
import { SinkError, type Batch, type Receipt, type Write } from '../model';
import { isPoison } from './handOver';
import type { Order, Ordered } from './order';
import { refuse } from './refuse';
import { withBackup } from './withBackup';

export interface WithOrderOptions {
  /** Of the stream, for its failures. */
  readonly name: string;
  readonly order: Order;
  /** When `giveUp$` ended the primary's attempts, the backup still has this long. */
  readonly graceMs: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * As `withBackup`, and keeps the order of a bucket across an outage: what one batch leaves goes to the backup, and so does all
 * that comes after it, until what lies there has been sent on.
 *
 *     write     a-b-c-d---------e-f-     b fails
 *     backup    --b-c-d-------------
 *     primary   a-x---------bcd-ef--     b, c and d by replay, for which e was held
 */
export const withOrder =
  (backup: Write, { name, order, graceMs, scheduler }: WithOrderOptions) =>
  (primary: Write): Write => {
    const toPrimary = (bucket: Ordered, batch: Batch, giveUp$: Observable<unknown>): Observable<Receipt> =>
      primary(batch, merge(giveUp$, bucket.diverted$)).pipe(
        catchError((error: unknown) => {
          // What came after it may be on its way to the primary, too.
          if (error instanceof SinkError && !error.rest.every(isPoison)) bucket.divert();
          throw error;
        }),
      );

    const inLine = (bucket: Ordered, batch: Batch, giveUp$: Observable<unknown>): Observable<Receipt> => {
      const turn = bucket.line.join();
      const toBackup: Write = (part, giveUpLater$) =>
        concat(
          turn.earlier$,
          defer(() => {
            order.toBackup(batch.bucket);
            return backup(part, giveUpLater$);
          }),
        );
      const first: Write = () =>
        bucket.way === 'primary'
          ? toPrimary(bucket, batch, giveUp$)
          : refuse(name, batch, { kind: 'unavailable', message: 'its backup holds what came before' });
      return withBackup(toBackup, graceMs, scheduler)(first)(batch, giveUp$).pipe(finalize(() => turn.end()));
    };

    return (batch, giveUp$) =>
      defer(() => {
        const bucket = order.enter(batch.bucket);
        const written$ = defer(() => inLine(bucket, batch, giveUp$));
        return (
          bucket.way === 'held'
            ? merge(bucket.released$, giveUp$).pipe(
                take(1),
                mergeMap(() => written$),
              )
            : written$
        ).pipe(finalize(() => order.leave(bucket)));
      });
  };
