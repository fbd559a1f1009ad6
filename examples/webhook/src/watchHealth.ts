import { isDeepStrictEqual } from 'node:util';
import {
  BehaviorSubject,
  distinctUntilChanged,
  EMPTY,
  exhaustMap,
  ignoreElements,
  interval,
  map,
  merge,
  ReplaySubject,
  share,
  switchMap,
  takeUntil,
  tap,
  type Observable,
  type ObservableInput,
  type SchedulerLike,
} from 'rxjs';
import type { Health } from 'kahets';

/** Whether a place takes messages, as the last attempt says. */
export interface WatchedHealth {
  readonly health$: Observable<Health>;
  /** Told after an attempt; nothing as cause: it went well. */
  readonly told: (cause: string | undefined) => void;
  readonly close: () => void;
}

/**
 * While it is down, and somebody watches, it looks by itself: no batch comes to find out.
 *
 *     told     d-----------
 *     look     --d-d-u         every two
 *     health$  d-----u
 *
 * @param look gives what is wrong, or undefined, and never fails
 */
export const watchHealth = (
  look: () => ObservableInput<string | undefined>,
  everyMs: number,
  scheduler: SchedulerLike,
): WatchedHealth => {
  const state$ = new BehaviorSubject<Health>({ state: 'up' });
  const told = (cause: string | undefined): void =>
    state$.next(cause === undefined ? { state: 'up' } : { state: 'down', cause });
  const closed$ = new ReplaySubject<void>(1);
  const looking$ = state$.pipe(
    map(({ state }) => state === 'down'),
    distinctUntilChanged(),
    switchMap((isDown) => (isDown ? interval(everyMs, scheduler).pipe(exhaustMap(look)) : EMPTY)),
    tap(told),
    ignoreElements(),
  );
  return {
    health$: merge(state$, looking$).pipe(
      distinctUntilChanged((one, other) => isDeepStrictEqual(one, other)),
      takeUntil(closed$),
      share({ connector: () => new ReplaySubject<Health>(1) }),
    ),
    told,
    close: () => closed$.next(),
  };
};
