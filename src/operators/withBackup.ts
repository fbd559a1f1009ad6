import type { SchedulerLike } from 'rxjs';
import type { Write } from '../model';
import { handOver, isPoison } from './handOver';

/**
 * Hands what the primary did not take to `backup`. Poison is none of its business: the failure that stays behind names it, for
 * {@link withDeadLetter}.
 *
 *     write     --r--#                 rest = half of the batch
 *     backup         --r|
 *     result    --r----b|              b = r, backed up
 *
 * @param graceMs when `giveUp$` ends the primary's attempts, the backup still has this long
 */
export const withBackup = (backup: Write, graceMs: number, scheduler?: SchedulerLike): ((write: Write) => Write) =>
  handOver(backup, { takes: (rest) => !isPoison(rest), how: 'backedUp', graceMs, scheduler });
