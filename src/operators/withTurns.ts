import { asyncScheduler, map, merge, type Observable, type SchedulerLike } from 'rxjs';
import type { Receipt, Write } from '../model';
import { handOver, isPoison } from './handOver';

export interface TurnsOptions {
  /** Ends what waits within the backup, for one that does not fail by itself. */
  readonly ends$: Observable<unknown>;
  readonly scheduler?: SchedulerLike;
}

/**
 * A backup that fails in its turn: what it did not take goes to the primary again, which may be back. A batch that waited for
 * the backup alone would wait for ever while the primary takes messages; and where clients wait for it, no other batch
 * comes that could find that out. The receipts say who took it.
 *
 *     backup    --#
 *     primary     --r|
 *     result    ----r|
 */
export const withTurns =
  (primary: Write, { ends$, scheduler = asyncScheduler }: TurnsOptions) =>
  (backup: Write): Write => {
    const first: Write = (batch, giveUp$) =>
      backup(batch, merge(giveUp$, ends$)).pipe(map((receipt): Receipt => ({ ...receipt, how: 'backedUp' })));
    return handOver(primary, { takes: (rest) => !isPoison(rest), graceMs: 0, scheduler })(first);
  };
