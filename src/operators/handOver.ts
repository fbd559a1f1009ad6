import {
  asyncScheduler,
  catchError,
  connect,
  delay,
  map,
  ReplaySubject,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { SinkError, type Receipt, type Rest, type Write } from '../model';
import { carryDoubt } from './carryDoubt';
import { concatWrites } from './concatWrites';

export interface HandOverOptions {
  /** Which of the rest it is for; what is left over stays the failure. */
  readonly takes: (rest: Rest) => boolean;
  /** Default: as its receipts say themselves. */
  readonly how?: Receipt['how'];
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
        const handedOver = (giveUpLater$: Observable<unknown>): Observable<Receipt> =>
          concatWrites(
            error.sink,
            error.rest.filter(takes).map(({ batch: part, written }) =>
              to(part, giveUpLater$).pipe(
                map((receipt): Receipt => (how === undefined ? receipt : { ...receipt, how })),
                carryDoubt(written),
              ),
            ),
            error.rest.filter((rest) => !takes(rest)),
          );
        // One clock from now on for all attempts: each would have the grace anew.
        return giveUp$.pipe(
          delay(graceMs, scheduler),
          connect(handedOver, { connector: () => new ReplaySubject<unknown>(1) }),
        );
      }),
    );

/** What this sink never takes, however often it is tried. */
export const isPoison = ({ cause }: Rest): boolean => cause.kind === 'poison';
