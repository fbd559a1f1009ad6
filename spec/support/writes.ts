import { map, mergeMap, NEVER, take, throwError, timer, type Observable, type SchedulerLike } from 'rxjs';
import type { Batch, Receipt, SinkError, Write } from '../../src/model';
import { delivered } from '../../src/testing/builders';

/** Hangs until it is told to give up, and then fails with `error`. */
export const failsWhenTold =
  (error: SinkError): Write =>
  (_, giveUp$) =>
    giveUp$.pipe(
      take(1),
      mergeMap(() => throwError(() => error)),
    );

/** Shows when it is told to give up, by a receipt of `sink` then. */
export const takesWhenTold =
  (sink: string): Write =>
  (batch, giveUp$) =>
    giveUp$.pipe(
      take(1),
      map(() => delivered(batch, sink)),
    );

/** Takes each batch after `ms`. */
export const takesAfter =
  (ms: number, scheduler: SchedulerLike): Write =>
  (batch) =>
    timer(ms, scheduler).pipe(map(() => delivered(batch)));

/** Writes at `ms`, and never gives up. */
export const writeAt = (ms: number, write: Write, batch: Batch, scheduler: SchedulerLike): Observable<Receipt> =>
  timer(ms, scheduler).pipe(mergeMap(() => write(batch, NEVER)));
