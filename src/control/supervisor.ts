import {
  concatMap,
  EMPTY,
  exhaustMap,
  interval,
  map,
  merge,
  NEVER,
  Subject,
  type Observable,
  type SchedulerLike,
} from 'rxjs';

/** Assignments of sd_notify(3) that go to the service manager in one message. */
export type Notice = readonly `${string}=${string}`[];

/** Tells the service manager; completes when that has heard it, or cannot be told. Never fails. */
export type Tell = (notice: Notice) => Observable<never>;

export interface SupervisorOptions {
  readonly tell: Tell;
  /** A daemon of which nothing was heard for so long is ended. Default: nobody waits for it. */
  readonly watchdogMs?: number | undefined;
  /** How long a stop waits for deliveries. */
  readonly drainTimeoutMs: number;
  /** Deliveries that are still to be made. */
  readonly held: () => number;
  /** Microseconds of CLOCK_MONOTONIC. */
  readonly monotonicUs: () => bigint;
  readonly scheduler: SchedulerLike;
}

/** The service manager that has started the daemon: what it is to know. */
export interface Supervisor {
  /** Connections are accepted, at `path`. */
  readonly listening: (path: string) => void;
  /** A reload begins. */
  readonly reloading: () => void;
  readonly reloaded: (succeeded: boolean) => void;
  readonly stopping: () => void;
  /** Tells it all that, and that the loop turns. Never fails, never completes; subscribed to once, before anything happens. */
  readonly telling$: Observable<never>;
}

/** Nobody wants to know. */
export const unsupervised: Supervisor = {
  listening: () => undefined,
  reloading: () => undefined,
  reloaded: () => undefined,
  stopping: () => undefined,
  telling$: EMPTY,
};

/** One message may be late, and the next is still in time. */
const BEATS_PER_WATCHDOG = 3;
/** After the drain what is late has seven seconds; the rest is for a disk that takes what is left in one go. */
const AFTER_DRAIN_MS = 60_000;
const US_PER_MS = 1000;

/** A status is one line, whatever stands in a path. */
const status = (text: string): `STATUS=${string}` => `STATUS=${text.replace(/\s+/g, ' ')}`;

/**
 * What a service manager that speaks sd_notify(3) is told when.
 *
 *     daemon    ----listening----reloading--reloaded-----stopping---------
 *     notices   ----READY--------RELOADING--READY--------STOPPING---------
 *     watchdog  ------W------W------W------W------W------W------W------W--      from the loop: none while it is stuck
 *
 * Notices go one after the other, in their order; a beat is left out while the one before is on its way.
 */
export const createSupervisor = (options: SupervisorOptions): Supervisor => {
  const { tell, watchdogMs, drainTimeoutMs, held, monotonicUs, scheduler } = options;
  const notices$ = new Subject<Notice>();
  let phase: 'starting' | 'running' | 'stopping' = 'starting';
  let listeningAt = '';

  const stopStatus = (): `STATUS=${string}` => status(`Stopping; deliveries to go: ${held()}`);
  const beat = (): Notice => (phase === 'stopping' ? ['WATCHDOG=1', stopStatus()] : ['WATCHDOG=1']);
  const beats$ =
    watchdogMs === undefined ? NEVER : interval(watchdogMs / BEATS_PER_WATCHDOG, scheduler).pipe(map(beat));
  /** Before it listens it is not ready, and never again once it stops. */
  const whileRunning = (notice: () => Notice): void => {
    if (phase === 'running') notices$.next(notice());
  };

  return {
    listening: (path) => {
      if (phase !== 'starting') return;
      phase = 'running';
      listeningAt = path;
      notices$.next(['READY=1', status(`Listening at ${path}`)]);
    },
    reloading: () =>
      whileRunning(() => ['RELOADING=1', `MONOTONIC_USEC=${monotonicUs()}`, status('Reading buckets.json again')]),
    reloaded: (succeeded) =>
      whileRunning(() => [
        'READY=1',
        status(
          succeeded
            ? `Listening at ${listeningAt}; configuration reloaded`
            : `Listening at ${listeningAt}; configuration not reloaded, what runs goes on: the log says why`,
        ),
      ]),
    stopping: () => {
      phase = 'stopping';
      notices$.next([
        'STOPPING=1',
        stopStatus(),
        // What is killed loses what it holds: the drain is waited for, however short the unit's own time is.
        `EXTEND_TIMEOUT_USEC=${(drainTimeoutMs + AFTER_DRAIN_MS) * US_PER_MS}`,
      ]);
    },
    telling$: merge(notices$.pipe(concatMap(tell)), beats$.pipe(exhaustMap(tell))),
  };
};
