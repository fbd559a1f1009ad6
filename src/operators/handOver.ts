import { asyncScheduler, catchError, delay, map, type SchedulerLike } from 'rxjs';
import { SinkError, type Receipt, type Rest, type Write } from '../model';
import { carryDoubt } from './carryDoubt';
import { concatWrites } from './concatWrites';

export interface HandOverOptions {
  /** Which of the rest it is for; what is left over stays the failure. */
  readonly takes: (rest: Rest) => boolean;
  readonly how: Receipt['how'];
  /** When `giveUp$` ended the first attempts, the second sink still has this long. */
  readonly graceMs: number;
  readonly scheduler: SchedulerLike | undefined;
}

/**
 * Hands parts of what a write did not take to another, part by part in order. It catches inside, for each write: caught on
 * the shared stream, one failure would end it for all that follows.
 */
export const handOver =
  (to: Write, { takes, how, graceMs, scheduler = asyncScheduler }: HandOverOptions) =>
  (write: Write): Write =>
  (batch, giveUp$) =>
    write(batch, giveUp$).pipe(
      catchError((error: unknown) => {
        if (!(error instanceof SinkError) || !error.rest.some(takes)) throw error;
        const giveUpLater$ = giveUp$.pipe(delay(graceMs, scheduler));
        return concatWrites(
          error.sink,
          error.rest.filter(takes).map(({ batch: part, written }) =>
            to(part, giveUpLater$).pipe(
              map((receipt): Receipt => ({ ...receipt, how })),
              carryDoubt(written),
            ),
          ),
          error.rest.filter((rest) => !takes(rest)),
        );
      }),
    );

/** What this sink never takes, however often it is tried. */
export const isPoison = ({ cause }: Rest): boolean => cause.kind === 'poison';
