import { catchError, map, merge, mergeMap, of, take, throwError, type SchedulerLike } from 'rxjs';
import type { Write } from '../model';
import { handOver, isPoison } from './handOver';

/**
 * Keeps for the next start what no sink took when the drain gave up, and what failed in a way that nobody expected. It stands
 * outside the backup; poison is none of its business, nor what a deadline of the stream's own has ended.
 *
 *     write     --r--#               rest = half of the batch
 *     giveUp$   ----g
 *     spool          --r|
 *     result    --r----s|            s = r, backed up
 *
 * @param graceMs once `giveUp$` has emitted, the spool has this long from its turn on
 */
export const withSpool =
  (spool: Write, graceMs: number, scheduler?: SchedulerLike) =>
  (write: Write): Write =>
  (batch, giveUp$) =>
    write(batch, giveUp$).pipe(
      catchError((error: unknown) =>
        merge(giveUp$.pipe(map(() => true)), of(false)).pipe(
          take(1),
          mergeMap((told) => {
            const kept = handOver(spool, {
              takes: (rest) => !isPoison(rest) && (told || rest.cause.kind === 'unexpected'),
              how: 'backedUp',
              graceMs,
              scheduler,
            });
            return kept(() => throwError(() => error))(batch, giveUp$);
          }),
        ),
      ),
    );
