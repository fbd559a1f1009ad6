import {
  BehaviorSubject,
  catchError,
  defer,
  distinctUntilChanged,
  EMPTY,
  exhaustMap,
  ignoreElements,
  interval,
  map,
  merge,
  of,
  ReplaySubject,
  share,
  switchMap,
  takeUntil,
  tap,
  type Observable,
  type ObservableInput,
  type SchedulerLike,
} from 'rxjs';
import type { Health } from '../model';

/** Whether a place takes messages, as the last attempt says. */
export interface WatchedHealth {
  /** For the sink; `up` at first. */
  readonly health$: Observable<Health>;
  /** Told after an attempt; nothing as cause: it went well. */
  readonly told: (cause: string | undefined) => void;
  /** Looks no more, and completes `health$`. */
  readonly close: () => void;
}

const healthOf = (cause: string | undefined): Health =>
  cause === undefined ? { state: 'up' } : { state: 'down', cause };

/**
 * The health of a place that attempts tell of. While it is down, and somebody watches, it looks by itself, as no batch may come that
 * finds out; and believes an attempt that goes well meanwhile.
 *
 *     told     d-----------
 *     look     --d-d-u         every two
 *     health$  d-----u
 *
 * @param look gives what is wrong, or undefined; what it fails with is wrong too. It ends
 * @param everyMs from when it is down; a look is left out while the one before it is under way
 */
export const watchHealth = (
  look: () => ObservableInput<string | undefined>,
  everyMs: number,
  scheduler: SchedulerLike,
): WatchedHealth => {
  const cause$ = new BehaviorSubject<string | undefined>(undefined);
  const told = (cause: string | undefined): void => cause$.next(cause);
  const closed$ = new ReplaySubject<void>(1);
  const look$ = defer(look).pipe(catchError((error: unknown) => of(String(error))));
  const looking$ = cause$.pipe(
    map((cause) => cause !== undefined),
    distinctUntilChanged(),
    switchMap((isDown) => (isDown ? interval(everyMs, scheduler).pipe(exhaustMap(() => look$)) : EMPTY)),
    tap(told),
    ignoreElements(),
  );
  return {
    health$: merge(cause$, looking$).pipe(
      distinctUntilChanged(),
      map(healthOf),
      takeUntil(closed$),
      share({ connector: () => new ReplaySubject<Health>(1) }),
    ),
    told,
    close: () => closed$.next(),
  };
};
