import type { SchedulerLike, Subscription } from 'rxjs';

/** Rings once, and then only when it is set again. */
export interface Alarm {
  /** Does nothing while it is set. */
  readonly set: (ms: number) => void;
  readonly clear: () => void;
}

export const createAlarm = (scheduler: SchedulerLike, ring: () => void): Alarm => {
  let pending: Subscription | undefined;
  return {
    set: (ms) => {
      pending ??= scheduler.schedule(() => {
        pending = undefined;
        ring();
      }, ms);
    },
    clear: () => {
      pending?.unsubscribe();
      pending = undefined;
    },
  };
};
