import * as TE from 'fp-ts/TaskEither';
import { pipe } from 'fp-ts/function';
import { delay, EMPTY, filter, map, mergeMap, shareReplay, takeUntil, type Observable } from 'rxjs';
import type { Close, Connection, Env, OpenError, Settled } from '../model';
import { credit } from '../operators/credit';
import { groupByBucket } from '../operators/groupByBucket';
import { bucketPipeline } from '../pipelines/bucket';
import { createHalfFrames } from '../pipelines/halfFrames';
import { ingest } from '../pipelines/ingest';
import { BACKUP_GRACE_MS } from '../pipelines/policy';
import type { Plan, Topology } from '../pipelines/topology';

/** A bucket that was silent this long gives up its place among the groups; its next message opens a new one. */
const BUCKET_IDLE_MS = 600_000;
/** After the backups' grace nothing is waited for any more than this. */
const LAST_MS = 2_000;

export interface DaemonOptions {
  readonly env: Env;
  readonly plan: Plan;
  /** Opens the source: which connections it may read, and when it stops. */
  readonly source: (reading$: Observable<(connection: number) => boolean>) => Observable<Connection>;
  /** Emits when the daemon is to stop; it must replay. */
  readonly stop$: Observable<unknown>;
  readonly maxFrameBytes: number;
  readonly frameTimeoutMs: number;
  /** How long a stop waits for deliveries before it tells the sinks to give up. */
  readonly drainTimeoutMs: number;
  /** Bytes held at which reading pauses. */
  readonly highMarkBytes: number;
}

/** Why the daemon could not start, or ended before it was told to. */
export type DaemonError =
  { readonly kind: 'open'; readonly error: OpenError } | { readonly kind: 'run'; readonly error: unknown };

/**
 * Opens every stream and lets the messages flow until `stop$`. Stopping is completion: the source ends, batches flush,
 * writes settle, sinks close. At the drain's end the sinks are told to give up, so that it always ends.
 */
export const runDaemon = (options: DaemonOptions): TE.TaskEither<DaemonError, void> => {
  const giveUp$ = options.stop$.pipe(
    delay(options.drainTimeoutMs, options.env.scheduler),
    shareReplay({ bufferSize: 1, refCount: false }),
  );
  return pipe(
    options.plan.open(options.env, giveUp$),
    TE.mapLeft((error): DaemonError => ({ kind: 'open', error })),
    TE.chain((topology) =>
      TE.tryCatch(
        () => toEnd(settled(options, topology, giveUp$)).finally(topology.close),
        (error): DaemonError => ({ kind: 'run', error }),
      ),
    ),
  );
};

/** The whole way, from sockets to settled batches. */
const settled = (
  { env, source, maxFrameBytes, frameTimeoutMs, highMarkBytes }: DaemonOptions,
  { routeOf }: Topology,
  giveUp$: Observable<unknown>,
): Observable<Settled> => {
  const { held, scheduler } = env;
  const close$ = held.full$.pipe(
    filter(Boolean),
    map((): Close => ({ reason: 'memory' })),
  );
  const halfFrames = createHalfFrames({ held, highMark: highMarkBytes, frameTimeoutMs, scheduler });
  const accepts = (bucket: string): boolean => routeOf(bucket) !== undefined;
  return source(halfFrames.reading$).pipe(
    ingest({ env, maxFrame: maxFrameBytes, accepts, halfFrames }),
    groupByBucket({ idleMs: BUCKET_IDLE_MS, scheduler }),
    mergeMap((group$) => {
      const route = routeOf(group$.key);
      return route ? group$.pipe(bucketPipeline(group$.key, route, close$, env)) : EMPTY;
    }),
    credit(env),
    takeUntil(giveUp$.pipe(delay(BACKUP_GRACE_MS + LAST_MS, scheduler))),
  );
};

/** The one subscription. */
const toEnd = (settled$: Observable<Settled>): Promise<void> =>
  new Promise((resolve, reject) => {
    settled$.subscribe({ complete: resolve, error: reject });
  });
