import { asyncScheduler, catchError, delay, map, type SchedulerLike } from 'rxjs';
import { SinkError, type Receipt, type Write } from '../model';
import { carryDoubt } from './carryDoubt';
import { concatWrites } from './concatWrites';

/**
 * Hands what the primary did not take to `backup`, batch by batch. It catches inside, for each write: caught on the shared
 * stream, one failure would end it for all that follows.
 *
 *     write     --r--#                 rest = half of the batch
 *     backup         --r|
 *     result    --r----b|              b = r, backed up
 *
 * @param graceMs when `giveUp$` ends the primary's attempts, the backup still has this long
 */
export const withBackup =
  (backup: Write, graceMs: number, scheduler: SchedulerLike = asyncScheduler) =>
  (write: Write): Write =>
  (batch, giveUp$) =>
    write(batch, giveUp$).pipe(
      catchError((error: unknown) => {
        if (!(error instanceof SinkError)) throw error;
        const giveUpLater$ = giveUp$.pipe(delay(graceMs, scheduler));
        return concatWrites(
          error.sink,
          error.rest.map(({ batch: part, written }) =>
            backup(part, giveUpLater$).pipe(
              map((receipt): Receipt => ({ ...receipt, how: 'backedUp' })),
              carryDoubt(written),
            ),
          ),
        );
      }),
    );
