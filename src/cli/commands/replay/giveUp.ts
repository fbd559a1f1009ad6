import {
  asyncScheduler,
  defer,
  delay,
  distinctUntilChanged,
  map,
  merge,
  NEVER,
  startWith,
  switchMap,
  take,
  tap,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import type { Health } from '../../../model';

/** After Ctrl-C what is under way has so long. */
const GRACE_MS = 5_000;
/** Without an acknowledgement for so long nothing more is expected, whatever the sink says of itself. */
const STALLED_MS = 60_000;

export interface GiveUpOptions {
  readonly health$: Observable<Health>;
  /** Emits with every window that is settled. */
  readonly settled$: Observable<unknown>;
  readonly interrupted$: Observable<unknown>;
  /** So long a sink or a topic may be down. */
  readonly afterMs: number;
  readonly scheduler?: SchedulerLike;
}

const causeOf = (health: Health): string | undefined => {
  if (health.state === 'up') return undefined;
  if (health.state === 'down') return health.cause;
  const [first] = health.topics;
  return first && `${first[0]}: ${first[1]}`;
};

/**
 * Emits once why nothing more is to be waited for: the stream is down for too long, nothing moves, or somebody wants an end.
 *
 *     health$   u--d--u--d--------      u = up, d = down
 *                                       giveUp({ afterMs: 5 })
 *     result    ----------------(c|)
 */
export const giveUp = ({
  health$,
  settled$,
  interrupted$,
  afterMs,
  scheduler = asyncScheduler,
}: GiveUpOptions): Observable<string> => {
  const down$ = defer(() => {
    let cause: string | undefined;
    return health$.pipe(
      tap((health) => (cause = causeOf(health))),
      // While it is down the cause may change with every attempt.
      map(() => cause !== undefined),
      distinctUntilChanged(),
      switchMap((isDown) => (isDown ? timer(afterMs, scheduler) : NEVER)),
      map(() => cause ?? ''),
    );
  });
  const stalled$ = settled$.pipe(
    startWith(undefined),
    switchMap(() => timer(STALLED_MS, scheduler)),
    map(() => `nothing was acknowledged for ${STALLED_MS / 1000} s`),
  );
  const late$ = interrupted$.pipe(
    delay(GRACE_MS, scheduler),
    map(() => 'interrupted'),
  );
  return merge(down$, stalled$, late$).pipe(take(1));
};
