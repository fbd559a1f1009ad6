import { asyncScheduler, merge, timer, type SchedulerLike } from 'rxjs';
import type { Write } from '../model';

/** Tells a write to give up `ms` after it began. */
export const withDeadline =
  (ms: number, scheduler: SchedulerLike = asyncScheduler) =>
  (write: Write): Write =>
  (batch, giveUp$) =>
    write(batch, merge(giveUp$, timer(ms, scheduler)));
