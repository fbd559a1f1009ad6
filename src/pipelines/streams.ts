import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import type { Task } from 'fp-ts/Task';
import * as TE from 'fp-ts/TaskEither';
import { isDeepStrictEqual } from 'node:util';
import { defer, merge, mergeMap, Subject, takeUntil, type Observable } from 'rxjs';
import type { Env, OpenError } from '../model';
import { messageOf } from '../wire/systemErrors';
import { deferred } from './deferred';
import { openStream } from './stream/openStream';
import type { OpenStream, StreamParts, StreamPlan, Turn } from './stream/stream';
import type { ReplayParts } from './replay/streamReplay';
import { createRoutes, type Configuration, type RouteOf, type Routes } from './routes';

/** What became of the streams of a configuration that was replaced, by their ids. */
export interface Reloaded {
  readonly kept: readonly string[];
  readonly replaced: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

/** Every stream, open. */
export interface Topology {
  /** Where a bucket's messages go; undefined where nothing is configured for them. */
  readonly routeOf: RouteOf;
  /** Emits when routes have changed: whether that of a bucket has. */
  readonly rerouted$: Observable<(bucket: string) => boolean>;
  /** Whether there are buckets whose messages are dropped while memory is full. */
  readonly dropsWhenFull: () => boolean;
  /** Sends on what all streams have in store, until it is stopped. Never fails. */
  readonly replay: (parts: ReplayParts) => Observable<never>;
  /** The end of a drain: in the spool nothing more is begun, and what is being written there is waited for. */
  readonly endSpools: Task<void>;
  /** Closes every sink, after the last write has ended. */
  readonly close: Task<void>;
  /**
   * Takes another configuration: all of it or, where a stream does not open, nothing. Streams that are the same in both go on
   * untouched. The others take no more batches and close when theirs have settled; after `waitMs` they are told to give up. A stream
   * that stands in for one of them takes batches at once, and begins to write when that one is closed.
   *
   * Resolves when all of them are closed; it must not be called before.
   *
   * @param taken is called when batches go the new ways
   */
  readonly reload: (next: Configuration, waitMs: number, taken: () => void) => TE.TaskEither<OpenError, Reloaded>;
}

/** Opens all streams of a configuration, one after the other: all of them, or none is left open. */
export const openTopology = (
  first: Configuration,
  parts: Omit<StreamParts, 'streams'>,
): TE.TaskEither<OpenError, Topology> => {
  let running: Running | undefined;
  const open = openStream({
    ...parts,
    env: sightOf(parts.env, (bucket) => running?.routes.routeOf(bucket)?.journaled === true),
    streams: () => running?.streams.length ?? first.streams.length,
  });
  return pipe(
    openAll(
      first.streams.map((plan) => [plan, undefined] as const),
      open,
    ),
    TE.chain((streams) =>
      pipe(
        TE.fromEither(routesOver(first, streams)),
        TE.orElseFirstTaskK(() => () => endAll(streams)),
        TE.map((routes) => topologyOf((running = { streams, routes }), first, open)),
      ),
    ),
  );
};

const routesOver = (...given: Parameters<typeof createRoutes>): E.Either<OpenError, Routes> =>
  E.tryCatch(
    () => createRoutes(...given),
    (error) => ({ sink: 'operators', message: messageOf(error) }),
  );

/** Nobody would close what a reload has opened by then. */
const STOPPED: OpenError = { sink: 'streams', message: 'the daemon has stopped' };

/** What is there now. */
interface Running {
  streams: readonly OpenStream[];
  routes: Routes;
}

const topologyOf = (running: Running, first: Configuration, open: ReturnType<typeof openStream>): Topology => {
  const rerouted$ = new Subject<(bucket: string) => boolean>();
  const added$ = new Subject<OpenStream>();
  let retiring: readonly OpenStream[] = [];
  let drops = dropsWhenFull(first);
  let isClosed = false;
  const onAll = async (act: (stream: OpenStream) => Promise<unknown>): Promise<void> => {
    await Promise.all([...running.streams, ...retiring].map(act));
  };

  const streamsOf = (next: Configuration, fresh: readonly OpenStream[]): readonly OpenStream[] => {
    const byId = new Map([...running.streams, ...fresh].map((stream) => [stream.plan.config.id, stream]));
    return next.streams.flatMap((plan) => byId.get(plan.config.id) ?? []);
  };
  const swap = (next: Configuration, { streams, routes }: Running, fresh: readonly OpenStream[]): void => {
    retiring = running.streams.filter((stream) => !streams.includes(stream));
    const { routeOf: before } = running.routes;
    Object.assign(running, { streams, routes });
    const { routeOf } = routes;
    drops = dropsWhenFull(next);
    rerouted$.next((bucket) => before(bucket) !== routeOf(bucket));
    for (const stream of fresh) added$.next(stream);
  };

  return {
    routeOf: (bucket) => running.routes.routeOf(bucket),
    rerouted$,
    dropsWhenFull: () => drops,
    replay: (parts) =>
      defer(() => merge(running.streams, added$.pipe(takeUntil(parts.stop$)))).pipe(
        mergeMap((stream) => stream.replay(parts)),
      ),
    endSpools: () => onAll(({ endSpool }) => endSpool()),
    close: () => {
      isClosed = true;
      return onAll(({ close }) => close());
    },
    reload: (next, waitMs, taken) => async () => {
      const { kept, retired, fresh } = compare(running.streams, next.streams);
      const swapped = deferred();
      const gone = new Map(
        retired.map((stream) => [stream, swapped.promise.then(() => stream.retire(waitMs))] as const),
      );
      const opened = await openAll(
        fresh.map((plan) => [plan, turnOf(plan, gone)] as const),
        open,
      )();
      if (E.isLeft(opened)) return opened;
      const streams = streamsOf(next, opened.right);
      const routes = isClosed ? E.left(STOPPED) : routesOver(next, streams, running.routes);
      if (E.isLeft(routes)) {
        await endAll(opened.right);
        return routes;
      }
      swap(next, { streams, routes: routes.right }, opened.right);
      taken();
      swapped.resolve();
      await Promise.all(gone.values());
      retiring = [];
      return E.right(reportOf(kept, retired, fresh));
    },
  };
};

const dropsWhenFull = ({ buckets, defaultBucket }: Configuration): boolean =>
  [...buckets, defaultBucket].some((bucket) => bucket?.config.whenFull === 'drop');

/** A crash need not see what lies in the journal, nor what comes back from the file that it was recovered from. */
const sightOf = (env: Env, isJournaled: (bucket: string) => boolean): Env => {
  const { unsettled } = env;
  return {
    ...env,
    unsettled: {
      ...unsettled,
      gathering: (frames) =>
        unsettled.gathering(() =>
          frames().filter(({ bucket, origin }) => origin.recovered !== true && !isJournaled(bucket)),
        ),
      writing: (stream, batch) =>
        isJournaled(batch.cameIn ?? batch.bucket) ? () => undefined : unsettled.writing(stream, batch),
    },
  };
};

interface Compared {
  readonly kept: readonly OpenStream[];
  readonly retired: readonly OpenStream[];
  readonly fresh: readonly StreamPlan[];
}

const idOf = ({ config }: StreamPlan): string => config.id;

const compare = (streams: readonly OpenStream[], next: readonly StreamPlan[]): Compared => {
  const isSame = ({ plan }: OpenStream): boolean => next.some((other) => isDeepStrictEqual(other.config, plan.config));
  const kept = streams.filter(isSame);
  const keptIds = new Set(kept.map(({ plan }) => idOf(plan)));
  return {
    kept,
    retired: streams.filter((stream) => !kept.includes(stream)),
    fresh: next.filter((plan) => !keptIds.has(idOf(plan))),
  };
};

const claimsOf = ({ primary, backup, deadLetter }: StreamPlan): readonly string[] =>
  [primary, backup, deadLetter].flatMap((sink) => sink?.claims ?? []);

/** Undefined: it stands in for none of those that go. */
const turnOf = (plan: StreamPlan, gone: ReadonlyMap<OpenStream, Promise<void>>): Turn | undefined => {
  const claims = new Set(claimsOf(plan));
  const clashes = (other: StreamPlan): boolean => claimsOf(other).some((claim) => claims.has(claim));
  const before = [...gone.keys()].filter((old) => idOf(old.plan) === idOf(plan) || clashes(old.plan));
  return before.length === 0
    ? undefined
    : {
        after: Promise.all(before.flatMap((stream) => gone.get(stream) ?? [])),
        clashes: before.some((stream) => clashes(stream.plan)),
      };
};

/** Of streams that were opened for nothing. */
const endAll = (streams: readonly OpenStream[]): Promise<unknown> =>
  Promise.all(streams.map((stream) => stream.retire(0)));

/** All of them, one after the other, or none is left open. */
const openAll =
  (
    plans: readonly (readonly [StreamPlan, Turn | undefined])[],
    open: ReturnType<typeof openStream>,
  ): TE.TaskEither<OpenError, readonly OpenStream[]> =>
  async () => {
    const opened: OpenStream[] = [];
    for (const [plan, turn] of plans) {
      const result = await open(plan, turn)();
      if (E.isLeft(result)) {
        await endAll(opened);
        return result;
      }
      opened.push(result.right);
    }
    return E.right(opened);
  };

const reportOf = (
  kept: readonly OpenStream[],
  retired: readonly OpenStream[],
  fresh: readonly StreamPlan[],
): Reloaded => {
  const [before, after] = [retired.map(({ plan }) => idOf(plan)), fresh.map(idOf)];
  return {
    kept: kept.map(({ plan }) => idOf(plan)),
    replaced: after.filter((id) => before.includes(id)),
    added: after.filter((id) => !before.includes(id)),
    removed: before.filter((id) => !after.includes(id)),
  };
};
