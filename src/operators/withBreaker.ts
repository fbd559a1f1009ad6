import {
  asyncScheduler,
  defer,
  distinctUntilChanged,
  map,
  merge,
  mergeMap,
  NEVER,
  share,
  startWith,
  Subject,
  switchMap,
  take,
  tap,
  throwError,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { SinkError, type Batch, type Health, type Write } from '../model';

export interface BreakerOptions {
  readonly name: string;
  /** Of the sink that is written to; its latest state first. */
  readonly health$: Observable<Health>;
  /** Opens when writes have waited this long without a receipt. */
  readonly afterMs: number;
  /** Opens when the sink has been down this long while writes wait. */
  readonly unreachableMs: number;
  /** While open, one batch in this time (jittered by a fifth) tries the sink. */
  readonly retryMs: number;
  readonly random: () => number;
  readonly onState: (state: BreakerState) => void;
  readonly scheduler?: SchedulerLike;
}

export type BreakerState =
  { readonly state: 'closed' } | { readonly state: 'open'; readonly cause: string } | { readonly state: 'halfOpen' };

/**
 * Keeps a stream from waiting for a sink that does not answer. Closed, it lets every batch through; once it opens, all that
 * wait are told to give up and what follows fails at once, so that a backup takes it. Half-open, one batch probes the sink:
 * a receipt closes the breaker, a failure opens it again.
 *
 *     closed ──(down unreachableMs, or no receipt for afterMs while writes wait)──▶ open ──(retryMs)──▶ half-open
 *        ▲                                                                           ▲                     │
 *        └───────────────────────────────(receipt)───────────────────────────────────┴──────(failure)──────┘
 *
 * Poison opens nothing: the sink answered.
 */
export const withBreaker = ({
  name,
  health$,
  afterMs,
  unreachableMs,
  retryMs,
  random,
  onState,
  scheduler = asyncScheduler,
}: BreakerOptions) => {
  let breaker: BreakerState = { state: 'closed' };
  let mayProbe = false;
  const progress$ = new Subject<void>();

  const change = (next: BreakerState): void => {
    breaker = next;
    if (next.state === 'open') {
      mayProbe = false;
      scheduler.schedule(() => (mayProbe = true), retryMs * (0.8 + 0.4 * random()));
    }
    onState(next);
  };

  const unreachable$ = health$.pipe(
    map((health) => (health.state === 'down' ? health.cause : undefined)),
    distinctUntilChanged((a, b) => (a === undefined) === (b === undefined)),
    switchMap((cause) => (cause === undefined ? NEVER : timer(unreachableMs, scheduler).pipe(map(() => cause)))),
  );
  const stalled$ = progress$.pipe(
    startWith(undefined),
    switchMap(() => timer(afterMs, scheduler)),
    map(() => `no acknowledgement for ${afterMs} ms`),
  );
  // Watched only while writes wait: an idle stream is neither stalled nor missed.
  const trip$ = merge(unreachable$, stalled$).pipe(
    take(1),
    tap((cause) => change({ state: 'open', cause })),
    share(),
  );

  const refuse = (batch: Batch, cause: string): Observable<never> =>
    throwError(() => new SinkError(name, [{ batch, cause: { kind: 'unavailable', message: cause }, written: 'no' }]));

  return (write: Write): Write => {
    const attempt: Write = (batch, giveUp$) => write(batch, merge(giveUp$, trip$)).pipe(tap(() => progress$.next()));

    const probe: Write = (batch, giveUp$) =>
      defer(() => {
        change({ state: 'halfOpen' });
        return attempt(batch, giveUp$).pipe(
          tap({
            complete: () => change({ state: 'closed' }),
            error: (error: unknown) => {
              if (answered(error)) change({ state: 'closed' });
              else if (breaker.state === 'halfOpen') change({ state: 'open', cause: 'the probe failed' });
            },
          }),
        );
      });

    return (batch, giveUp$) =>
      defer(() => {
        if (breaker.state === 'closed') return attempt(batch, giveUp$);
        if (breaker.state === 'halfOpen') return refuse(batch, 'the breaker is half-open');
        const { cause } = breaker;
        if (!mayProbe) return refuse(batch, cause);
        return health$.pipe(
          take(1),
          mergeMap((health) => (health.state === 'down' ? refuse(batch, cause) : probe(batch, giveUp$))),
        );
      });
  };
};

/** Whether the sink spoke for every message, be it to refuse it for good. */
const answered = (error: unknown): boolean =>
  error instanceof SinkError && error.rest.every(({ cause }) => cause.kind === 'poison');
