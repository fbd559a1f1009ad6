import {
  asyncScheduler,
  defer,
  distinctUntilChanged,
  filter,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  share,
  startWith,
  Subject,
  switchMap,
  take,
  tap,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { SinkError, type Batch, type BreakerState, type Receipt, type Write } from '../model';
import { isPoison } from './handOver';
import { refuse } from './refuse';

export interface BreakerOptions {
  /** Of the sink, for its failures. */
  readonly name: string;
  /** What is known to keep messages from being taken; undefined: nothing. The latest first, then every change. */
  readonly trouble$: Observable<string | undefined>;
  /** Opens when trouble has lasted this long while writes wait. */
  readonly troubleMs: number;
  /** Opens when writes have waited this long without a receipt. Default: it opens by trouble alone. */
  readonly afterMs?: number | undefined;
  /** Whether a lack of receipts counts now; if not, it opens once it does. Default: always. */
  readonly counts$?: Observable<boolean>;
  /** While open, one batch in this time (jittered by a fifth) tries the sink. */
  readonly retryMs: number;
  /** Whether a batch tries it while trouble is known: where nothing but a batch can find out that it is over. Default: no. */
  readonly probesInTrouble?: boolean;
  readonly random: () => number;
  readonly onState: (state: BreakerState) => void;
  readonly scheduler?: SchedulerLike;
}

/**
 * Keeps messages from waiting for what does not answer. Closed, it lets every batch through; once it opens, all that wait are
 * told to give up and what follows fails at once, so that a backup takes it. Half-open, one batch probes and the others
 * wait for its end: a receipt closes the breaker, a failure opens it again.
 *
 *     closed ──(trouble for troubleMs, or no receipt for afterMs, while writes wait)──▶ open ──(retryMs)──▶ half-open
 *        ▲                                                                               ▲                     │
 *        └─────────────────────────────────(receipt)─────────────────────────────────────┴──────(failure)──────┘
 *
 * Poison opens nothing: the sink answered. A probe that was told from outside to give up says nothing: the next batch probes.
 */
export const withBreaker = ({
  name,
  trouble$,
  troubleMs,
  afterMs,
  counts$ = of(true),
  retryMs,
  probesInTrouble = false,
  random,
  onState,
  scheduler = asyncScheduler,
}: BreakerOptions) => {
  let breaker: BreakerState = { state: 'closed' };
  let mayProbe = false;
  const progress$ = new Subject<void>();
  const probed$ = new Subject<void>();

  const open = (cause: string): void => {
    breaker = { state: 'open', cause };
    mayProbe = false;
    scheduler.schedule(() => (mayProbe = true), retryMs * (0.8 + 0.4 * random()));
    onState(breaker);
    probed$.next();
  };
  const close = (): void => {
    breaker = { state: 'closed' };
    onState(breaker);
    probed$.next();
  };
  /** The probe said nothing: as it was before. */
  const probeAgain = (opened: BreakerState): void => {
    breaker = opened;
    probed$.next();
  };

  // What is known first says least: that nothing is connected yet, say.
  let known = '';
  const troubled$ = trouble$.pipe(
    tap((cause) => (known = cause ?? '')),
    distinctUntilChanged((a, b) => (a === undefined) === (b === undefined)),
    switchMap((cause) => (cause === undefined ? NEVER : timer(troubleMs, scheduler).pipe(map(() => known)))),
  );
  const stalled$ =
    afterMs === undefined
      ? NEVER
      : progress$.pipe(
          startWith(undefined),
          switchMap(() => timer(afterMs, scheduler).pipe(mergeMap(() => counts$.pipe(filter(Boolean), take(1))))),
          map(() => `no acknowledgement for ${afterMs} ms`),
        );
  // Watched only while writes wait: what is idle is neither stalled nor missed.
  const trip$ = merge(troubled$, stalled$).pipe(take(1), tap(open), share());

  const unavailable = (batch: Batch, message: string): Observable<never> =>
    refuse(name, batch, { kind: 'unavailable', message });

  return (write: Write): Write => {
    const attempt: Write = (batch, giveUp$) => write(batch, merge(giveUp$, trip$)).pipe(tap(() => progress$.next()));

    const probe: Write = (batch, giveUp$) =>
      defer(() => {
        let told = false;
        const opened = breaker;
        const probing: BreakerState = { state: 'halfOpen' };
        breaker = probing;
        onState(breaker);
        return attempt(batch, giveUp$.pipe(tap(() => (told = true)))).pipe(
          tap({
            complete: close,
            error: (error: unknown) => {
              const cause = failureOf(error);
              if (cause === undefined) close();
              else if (breaker !== probing) return;
              else if (told) probeAgain(opened);
              else open(cause);
            },
            unsubscribe: () => {
              if (breaker === probing) probeAgain(opened);
            },
          }),
        );
      });

    const afterProbe: Write = (batch, giveUp$) =>
      merge(probed$.pipe(map(() => true)), giveUp$.pipe(map(() => false))).pipe(
        take(1),
        mergeMap((probed) =>
          probed
            ? guarded(batch, giveUp$)
            : refuse(name, batch, { kind: 'gave_up', message: 'told to stop while another batch tried the sink' }),
        ),
      );

    const guarded = (batch: Batch, giveUp$: Observable<unknown>): Observable<Receipt> => {
      if (breaker.state === 'closed') return attempt(batch, giveUp$);
      if (breaker.state === 'halfOpen') return afterProbe(batch, giveUp$);
      const { cause } = breaker;
      if (!mayProbe) return unavailable(batch, cause);
      return (probesInTrouble ? of(undefined) : trouble$).pipe(
        take(1),
        mergeMap((trouble) => (trouble === undefined ? probe(batch, giveUp$) : unavailable(batch, trouble))),
      );
    };

    return (batch, giveUp$) => defer(() => guarded(batch, giveUp$));
  };
};

/** Undefined: the sink spoke for every message, be it to refuse it for good. */
const failureOf = (error: unknown): string | undefined =>
  error instanceof SinkError ? error.rest.find((rest) => !isPoison(rest))?.cause.message : String(error);
