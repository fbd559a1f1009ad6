import { asyncScheduler, defer, finalize, merge, share, startWith, Subject, switchMap, take, tap, timer } from 'rxjs';
import type { Observable, SchedulerLike } from 'rxjs';
import type { Receipt, Write } from '../model';
import { footprint } from './footprint';
import { refuse } from './refuse';

export interface FairShareOptions {
  /** Of the sink, for its failures. */
  readonly name: string;
  /** Memory that may wait for this sink whatever it does, with what runs and batches take beside their messages. */
  readonly bytes: () => number;
  /** A sink that has given no receipt for so long hangs. */
  readonly stalledMs: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Keeps a sink that hangs from holding what others need. What is over its share goes in all the same, and when the sink
 * hangs is told to give up, and what follows is refused, so that a backup takes it. One that is only slower than a burst
 * moves on, and is waited for: so order holds.
 *
 *     write    ab-c-----d         a is all of the share, nothing ever ends
 *                                 withFairShare({ stalledMs: 5 })
 *     b, c     ------#            told to give up
 *     d        ---------#         refused
 */
export const withFairShare =
  ({ name, bytes, stalledMs, scheduler = asyncScheduler }: FairShareOptions) =>
  (write: Write): Write => {
    let held = 0;
    let movedMs = 0;
    const moved$ = new Subject<void>();
    // Watched only while something is over the share: a timer for all of it.
    const stalled$ = moved$.pipe(
      startWith(undefined),
      switchMap(() => timer(stalledMs, scheduler)),
      take(1),
      share(),
    );

    const under = (size: number, result$: Observable<Receipt>): Observable<Receipt> => {
      if (held === 0) movedMs = scheduler.now();
      held += size;
      return result$.pipe(
        tap(() => {
          movedMs = scheduler.now();
          moved$.next();
        }),
        finalize(() => (held -= size)),
      );
    };

    const overShare = (): string =>
      `over its share: ${bytes()} bytes of memory wait for this stream, and none was taken for ${stalledMs} ms`;
    return (batch, giveUp$) =>
      defer(() => {
        const size = footprint(batch);
        if (held === 0 || held + size <= bytes()) return under(size, write(batch, giveUp$));
        // The clock may have been put back.
        return Math.abs(scheduler.now() - movedMs) >= stalledMs
          ? refuse(name, batch, { kind: 'unavailable', message: overShare() })
          : under(size, write(batch, merge(giveUp$, stalled$)));
      });
  };
