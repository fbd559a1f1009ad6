import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { pipe } from 'fp-ts/function';
import type { Task } from 'fp-ts/Task';
import {
  defer,
  delay,
  EMPTY,
  filter,
  finalize,
  firstValueFrom,
  map,
  merge,
  mergeMap,
  race,
  ReplaySubject,
  shareReplay,
  take,
  takeUntil,
  tap,
  timer,
  type Observable,
} from 'rxjs';
import type { Close, Env, Ledger, OpenError, Settled, Source } from '../model';
import { credit } from '../operators/credit';
import { groupByBucket } from '../operators/groupByBucket';
import { shareAmongMany } from '../operators/shareAmongMany';
import { bucketPipeline } from '../pipelines/bucket';
import { createHalfFrames } from '../pipelines/halfFrames';
import { ingest } from '../pipelines/ingest';
import { BACKUP_GRACE_MS } from '../pipelines/policy';
import { recover, type Recovery } from '../pipelines/recover';
import type { ReplayParts } from '../pipelines/replay/streamReplay';
import type { Topology } from '../pipelines/streams';
import type { Plan } from '../pipelines/topology';
import type { Accepted } from '../spool/accepted';
import { countFile } from '../spool/countFile';
import { folderExists } from '../spool/folderExists';
import { openSpoolFile } from '../spool/openSpoolFile';
import type { SpoolOwner } from '../spool/owner';
import type { Reloads } from './reload';

/** A bucket that was silent this long gives up its place among the groups; its next message opens a new one. */
const BUCKET_IDLE_MS = 600_000;
/** After the backups' grace nothing is waited for any more than this; then the sinks have as long again to close. */
const LAST_MS = 2_000;
/** Of which the spools have so long to end what they are writing. */
const SPOOLS_END_MS = 1_000;
/** Why messages are dropped that no sink took in time; other reasons have nothing to do with a stop. */
const LOST: ReadonlySet<string> = new Set(['gave_up', 'unavailable', 'unexpected']);

export interface DaemonOptions {
  readonly env: Env;
  readonly plan: Plan;
  /** Their connections come together; one that fails ends the daemon. */
  readonly sources: readonly Source[];
  /** Emits when the daemon is to stop; it must replay. */
  readonly stop$: Observable<unknown>;
  readonly maxFrameBytes: number;
  readonly frameTimeoutMs: number;
  /** How long a stop waits for deliveries before it tells the sinks to give up. */
  readonly drainTimeoutMs: number;
  /** Bytes held at which reading pauses. */
  readonly highMarkBytes: number;
  /** Whether this process may take up what lies in the spool, and how it says that it writes there. */
  readonly owner: Pick<SpoolOwner, 'owned$' | 'claim'>;
  /** Changes of the configuration while it runs. Default: there are none. */
  readonly reloads?: Pick<Reloads, 'run'>;
  /** The journal, and what earlier processes had accepted. */
  readonly accepted: Accepted;
}

/** How it ended when it was told to. */
export interface Stopped {
  /** Messages that were dropped since the sinks were told to give up. */
  readonly lost: number;
}

/** Why the daemon could not start, or ended before it was told to. */
export type DaemonError =
  { readonly kind: 'open'; readonly error: OpenError } | { readonly kind: 'run'; readonly error: unknown };

/**
 * Opens every stream and lets the messages flow until `stop$`. Stopping is completion: the source ends, batches flush,
 * writes settle, sinks close. At the drain's end the sinks are told to give up, so that it always ends; so they are where
 * something throws on the way, which ends it too. What they, and the spool, have not settled by then stays in `env.unsettled`.
 */
export const runDaemon = (options: DaemonOptions): TE.TaskEither<DaemonError, Stopped> => {
  const { env, owner, plan, stop$, drainTimeoutMs } = options;
  const failed$ = new ReplaySubject<unknown>(1);
  /** Nothing is waited for any more: what still has a timer would keep the process from its end. */
  const closed$ = new ReplaySubject<void>(1);
  let lostBefore: number | undefined;
  let opened: Topology | undefined;
  const giveUp$ = merge(stop$.pipe(delay(drainTimeoutMs, env.scheduler)), failed$).pipe(
    take(1),
    tap(() => {
      lostBefore = opened && lostIn(env.ledger, opened);
      if (env.held.bytes > 0) void owner.claim();
    }),
    takeUntil(closed$),
    shareReplay({ bufferSize: 1, refCount: false }),
  );
  const last$ = giveUp$.pipe(
    delay(BACKUP_GRACE_MS + LAST_MS, env.scheduler),
    takeUntil(closed$),
    shareReplay({ bufferSize: 1, refCount: false }),
  );
  const stuck$ = last$.pipe(delay(LAST_MS, env.scheduler));

  const open = plan.open(env, giveUp$, owner.claim);
  const run = async (topology: Topology): Promise<E.Either<DaemonError, Stopped>> => {
    opened = topology;
    const recovery = recoveryFor(options, topology);
    const close = async (): Promise<void> => {
      await topology.close();
      await recovery.close();
      await options.accepted.segments.close();
    };
    try {
      const ended$ = new ReplaySubject<void>(1);
      const messages$ = settled(options, topology, recovery).pipe(finalize(() => ended$.next()));
      const replayed$ = topology.replay({ ...spoolFiles(env), owned$: owner.owned$, stop$: merge(stop$, ended$) });
      // What is written to a spool at the last moment is settled, so that it is not written once more.
      const over$ = last$.pipe(
        mergeMap(() => race(defer(topology.endSpools), timer(SPOOLS_END_MS, env.scheduler))),
        take(1),
      );
      const reloads$ = (options.reloads?.run(topology, drainTimeoutMs) ?? EMPTY).pipe(takeUntil(merge(stop$, ended$)));
      await toEnd(merge(replayed$, messages$, reloads$).pipe(takeUntil(over$)));
      return E.right({ lost: lostBefore === undefined ? 0 : lostIn(env.ledger, topology) - lostBefore });
    } catch (error) {
      failed$.next(error);
      return E.left({ kind: 'run', error });
    } finally {
      if (!(await inTime(close, stuck$))) env.log.error('a sink did not close in time');
    }
  };
  const tooLate$ = stuck$.pipe(map(() => E.left({ sink: env.name, message: 'its streams did not open in time' })));
  const toStop = pipe(
    (): ReturnType<typeof open> => firstValueFrom(race(defer(open), tooLate$)),
    TE.mapLeft((error): DaemonError => ({ kind: 'open', error })),
    TE.chain((topology) => () => run(topology)),
  );
  return () => toStop().finally(() => closed$.next());
};

/** Messages that no sink took, up to now, and that no journal has. */
const lostIn = (ledger: Ledger, { routeOf }: Topology): number =>
  ledger
    .rows()
    .filter(({ bucket }) => routeOf(bucket)?.journaled !== true)
    .flatMap(({ dropped }) => Object.entries(dropped))
    .reduce((sum, [reason, count]) => (LOST.has(reason) ? sum + count : sum), 0);

/** Whether the task ended before `end$` emitted. */
const inTime = (task: Task<unknown>, end$: Observable<unknown>): Promise<boolean> =>
  firstValueFrom(race(defer(task).pipe(map(() => true)), end$.pipe(map(() => false))));

/** How backed up messages are read, to be sent on. */
const spoolFiles = ({ log }: Env): Pick<ReplayParts, 'open' | 'count' | 'exists'> => ({
  open: (path) => openSpoolFile(path, { log }),
  count: countFile,
  exists: folderExists,
});

/** What is recovered may hold so much of the memory: what is live goes first. */
const RECOVERED_SHARE = 1 / 4;

const recoveryFor = (
  { accepted, env: { held, log }, highMarkBytes, owner: { owned$ } }: DaemonOptions,
  { routeOf }: Topology,
): Recovery =>
  recover({
    ...{ held, log, owned$, list: accepted.list, open: accepted.open },
    accepts: (bucket) => routeOf(bucket) !== undefined,
    mostBytes: highMarkBytes * RECOVERED_SHARE,
  });

/** The whole way, from sockets and what was recovered to settled batches. */
const settled = (
  { accepted, env, sources, stop$, maxFrameBytes, frameTimeoutMs, highMarkBytes }: DaemonOptions,
  { routeOf, rerouted$, dropsWhenFull }: Topology,
  recovery: Recovery,
): Observable<Settled> => {
  const { held, scheduler } = env;
  const close$ = held.full$.pipe(
    filter(Boolean),
    map((): Close => ({ reason: 'memory' })),
    shareAmongMany(),
  );
  const halfFrames = createHalfFrames({
    held,
    highMark: highMarkBytes,
    frameTimeoutMs,
    scheduler,
    drops: dropsWhenFull,
    log: env.log,
  });
  const accepts = (bucket: string): boolean => routeOf(bucket) !== undefined;
  const dropsTo = (bucket: string): readonly string[] | undefined => {
    const route = dropsWhenFull() ? routeOf(bucket) : undefined;
    return route?.dropsWhenFull === true ? route.streams.map(({ id }) => id) : undefined;
  };
  const parts = { ...env, segments: accepted.segments };
  const ended$ = new ReplaySubject<void>(1);
  const answered$ = new ReplaySubject<void>(1);
  let lastId = 0;
  const intake = { reading$: halfFrames.reading$, stop$, answered$, nextId: () => (lastId += 1), log: env.log };
  const live$ = merge(...sources.map((source) => source(intake))).pipe(
    ingest({ env, maxFrame: maxFrameBytes, accepts, halfFrames, dropsTo }),
    tap({ complete: () => ended$.next() }),
  );
  return merge(live$, recovery.frames$.pipe(takeUntil(merge(stop$, ended$)))).pipe(
    groupByBucket({ idleMs: BUCKET_IDLE_MS, scheduler, maxBuckets: env.maxBuckets, end$: rerouted$ }),
    mergeMap((group$) => {
      const route = routeOf(group$.key);
      return route ? group$.pipe(bucketPipeline(group$.key, route, close$, parts)) : EMPTY;
    }),
    tap(recovery.settled),
    credit(env),
    finalize(() => answered$.next()),
  );
};

/** The one subscription. */
const toEnd = (settled$: Observable<Settled>): Promise<void> =>
  new Promise((resolve, reject) => {
    settled$.subscribe({ complete: resolve, error: reject });
  });
