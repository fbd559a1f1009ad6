import type { SchedulerLike } from 'rxjs';
import type { Write } from '../model';
import { handOver, isPoison } from './handOver';

/**
 * Hands poison, and nothing else, to the dead letters: messages that neither the primary nor the backup will ever take. What
 * is written after them waits for none of it.
 *
 *     write      --r--#                rest = one message too large, one while nobody answered
 *     deadLetter      --r|
 *     result     --r----d#             d = r, dead-lettered; rest = the other one
 *
 * It stands outside the backup, so that a backup's poison finds its way too.
 *
 * @param graceMs when `giveUp$` ends the other sinks' attempts, the dead letters still have this long
 */
export const withDeadLetter = (
  deadLetter: Write,
  graceMs: number,
  scheduler?: SchedulerLike,
): ((write: Write) => Write) => handOver(deadLetter, { takes: isPoison, how: 'deadLettered', graceMs, scheduler });
