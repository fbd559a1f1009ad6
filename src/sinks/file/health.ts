import { isDeepStrictEqual } from 'node:util';
import { BehaviorSubject, distinctUntilChanged, type Observable, type SchedulerLike } from 'rxjs';
import type { Health } from '../../model';
import { createAlarm } from './alarm';
import { explain } from './errors';

/** Whether files can be written, as the last attempt says. */
export interface FileHealth {
  readonly health$: Observable<Health>;
  /** Told after every attempt; nothing as cause: it went well. */
  readonly attempted: (cause?: string) => void;
  /** Nothing is probed from now on. */
  readonly close: () => void;
}

const PROBE_EVERY_MS = 1000;

/**
 * While it is down it probes by itself: a breaker that is open sends no batch to find out.
 *
 *     attempted  #----------
 *     probe       ----#----r
 *     health$    d----d----u
 */
export const createHealth = (probe: () => Promise<void>, scheduler: SchedulerLike): FileHealth => {
  const health = new BehaviorSubject<Health>({ state: 'up' });
  let attempts = 0;
  let closed = false;

  const attempted = (cause?: string): void => {
    attempts += 1;
    if (cause !== undefined) {
      health.next({ state: 'down', cause });
      if (!closed) alarm.set(PROBE_EVERY_MS);
    } else if (health.value.state !== 'up') {
      alarm.clear();
      health.next({ state: 'up' });
    }
  };

  const alarm = createAlarm(scheduler, () => {
    const before = attempts;
    // A batch that was tried meanwhile knows better.
    const unlessTold = (cause?: string): void => {
      if (attempts === before) attempted(cause);
    };
    probe().then(
      () => unlessTold(),
      (error: unknown) => unlessTold(explain(error)),
    );
  });

  return {
    health$: health.pipe(distinctUntilChanged((one, other) => isDeepStrictEqual(one, other))),
    attempted,
    close: () => {
      closed = true;
      alarm.clear();
    },
  };
};
