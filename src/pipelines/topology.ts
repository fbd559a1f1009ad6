import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import type { Task } from 'fp-ts/Task';
import * as TE from 'fp-ts/TaskEither';
import { merge, type Observable } from 'rxjs';
import type { BucketConfig, Config, StreamConfig } from '../config/buckets';
import type {
  BatchLimits,
  CheckedSink,
  Deliver,
  Env,
  OpenError,
  Problem,
  Sink,
  SinkKind,
  StreamOptions,
} from '../model';
import { sample } from '../operators/sample';
import { settle } from '../operators/settle';
import { childPath } from '../sinks/problems';
import type { Route } from './bucket';
import { streamPolicy } from './policy';
import { checkReplay } from './replay/checkReplay';
import { fairShareOf } from './share';
import { openDrain, streamReplay, type DrainPlace, type ReplayParts } from './replay/streamReplay';

/** A batch closes at this many bytes, whatever its bucket asks for. */
const MAX_BATCH_BYTES = 1_000_000;

/** A configuration that passed its checks, ready to be opened. */
export interface Plan {
  readonly warnings: readonly Problem[];
  readonly streams: readonly StreamPlan[];
  /** What becomes of an empty key in a file for all streams of a bucket. */
  readonly emptyKeyOf: (bucket: string) => StreamOptions['emptyKey'];
  /**
   * @param giveUp$ ends all attempts when it emits (a drain that took too long); it must replay
   * @param claim is run before anything is made in the spool
   */
  readonly open: (env: Env, giveUp$: Observable<unknown>, claim?: Task<void>) => TE.TaskEither<OpenError, Topology>;
}

/** Every stream, open. */
export interface Topology {
  /** Where a bucket's messages go; undefined where nothing is configured for them. */
  readonly routeOf: (bucket: string) => Route | undefined;
  /** Whether there are buckets whose messages are dropped while memory is full. */
  readonly dropsWhenFull: boolean;
  /** Sends on what all streams have in store, until it is stopped. Never fails. */
  readonly replay: (parts: ReplayParts) => Observable<never>;
  /** The end of a drain: in the spool nothing more is begun, and what is being written there is waited for. */
  readonly endSpools: Task<void>;
  /** Closes every sink, after the last write has ended. */
  readonly close: Task<void>;
}

/** A stream whose settings passed their checks. */
export interface StreamPlan {
  readonly config: StreamConfig;
  readonly primary: CheckedSink;
  readonly backup: CheckedSink | undefined;
  readonly deadLetter: CheckedSink | undefined;
}

interface OpenStream {
  readonly plan: StreamPlan;
  readonly deliver: Deliver;
  readonly replay: Topology['replay'];
  readonly endSpool: Task<unknown>;
  readonly close: Task<unknown>;
}

type OpenedBeside = TE.TaskEither<OpenError, Sink | undefined>;

const allProblems = E.getApplicativeValidation(RA.getSemigroup<Problem>());

/**
 * Checks every stream's settings with its kind of sink: all problems at once, nothing opened.
 *
 * @param spool the folder for what is neither delivered nor backed up when a drain ends; without it that is lost
 */
export const planTopology = (
  config: Config,
  kinds: Readonly<Record<string, SinkKind>>,
  spool?: string,
): E.Either<readonly Problem[], Plan> =>
  pipe(
    config.streams,
    RA.traverse(allProblems)(planStream(kinds)),
    E.chain(withoutClashes),
    E.map((plans) => ({
      warnings: plans.flatMap(({ config: { deadLetter: own }, primary, backup, deadLetter }) => [
        ...primary.warnings,
        ...(backup?.warnings ?? []),
        ...((own && deadLetter?.warnings) ?? []),
      ]),
      streams: plans,
      emptyKeyOf: emptyKeys(config),
      open: (env, giveUp$, claim = nobodyElse) =>
        pipe(
          plans,
          TE.traverseSeqArray(
            openStream(sightOf(env, config), giveUp$, plans.length, { spool, claim, file: kinds['file'] }),
          ),
          TE.map((streams) => ({
            routeOf: router(config, streams),
            dropsWhenFull: [...config.buckets, config.defaultBucket].some((bucket) => bucket?.whenFull === 'drop'),
            replay: (parts) => merge(...streams.map((stream) => stream.replay(parts))),
            endSpools: onAll(streams, ({ endSpool }) => endSpool()),
            close: onAll(streams, ({ close }) => close()),
          })),
        ),
    })),
  );

const nobodyElse: Task<void> = () => Promise.resolve();

/** A crash need not see what lies in the journal. */
const sightOf = (env: Env, { buckets, defaultBucket }: Config): Env => {
  const durabilities = new Map(buckets.map(({ id, durability }) => [id, durability]));
  if (![...buckets, defaultBucket].some((bucket) => bucket?.durability === 'journal')) return env;
  const { unsettled } = env;
  return {
    ...env,
    unsettled: {
      ...unsettled,
      writing: (stream, batch) =>
        (durabilities.get(batch.bucket) ?? defaultBucket?.durability) === 'journal'
          ? () => undefined
          : unsettled.writing(stream, batch),
    },
  };
};

const streamPath = ({ id }: StreamConfig): string => childPath('streamsConfigs', id);

const planStream =
  (kinds: Readonly<Record<string, SinkKind>>) =>
  (config: StreamConfig): E.Either<readonly Problem[], StreamPlan> => {
    const path = streamPath(config);
    const optional = (key: 'backup' | 'deadLetter'): E.Either<readonly Problem[], CheckedSink | undefined> => {
      const sink = config[key];
      return sink ? checkSink(kinds, sink, `${path}.${key}`) : E.right(undefined);
    };
    return pipe(
      sequenceS(allProblems)({
        config: E.right(config),
        primary: checkSink(kinds, config, path),
        backup: optional('backup'),
        deadLetter: optional('deadLetter'),
      }),
      E.chainFirst(({ backup }) => checkReplay(path, config.backup, backup)),
      E.map((plan) => ({ ...plan, deadLetter: plan.deadLetter ?? plan.backup?.deadLetters })),
    );
  };

const checkSink = (
  kinds: Readonly<Record<string, SinkKind>>,
  { type, settings }: Pick<StreamConfig, 'type' | 'settings'>,
  path: string,
): E.Either<readonly Problem[], CheckedSink> => {
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  return kind
    ? kind(settings, `${path}.settings`)
    : E.left([
        { path: `${path}.type`, expected: `one of ${Object.keys(kinds).join(', ')}`, got: JSON.stringify(type) },
      ]);
};

/** Two sinks must not write to the same place. */
const withoutClashes = (plans: readonly StreamPlan[]): E.Either<readonly Problem[], readonly StreamPlan[]> => {
  const holders = new Map<string, string>();
  const problems: Problem[] = [];
  const claim = (path: string, sink: CheckedSink): void => {
    for (const name of sink.claims) {
      const holder = holders.get(name);
      if (holder === undefined) holders.set(name, path);
      else problems.push({ path, expected: `a place of its own, not that of ${holder}`, got: name });
    }
  };
  for (const { config, primary, backup, deadLetter } of plans) {
    claim(streamPath(config), primary);
    if (backup) claim(`${streamPath(config)}.backup`, backup);
    if (deadLetter) claim(`${streamPath(config)}.deadLetter`, deadLetter);
  }
  return problems.length > 0 ? E.left(problems) : E.right(plans);
};

const openStream =
  (env: Env, giveUp$: Observable<unknown>, streams: number, place: DrainPlace) =>
  (plan: StreamPlan): TE.TaskEither<OpenError, OpenStream> => {
    const { config, primary, backup, deadLetter } = plan;
    const { id, emptyKey, failover } = config;
    const beside = (sink: CheckedSink | undefined, name: string, spools = false): OpenedBeside =>
      sink
        ? sink.open({ ...env, name: `${id}.${name}` }, { emptyKey, handOverMs: undefined, spools })
        : TE.right(undefined);
    return pipe(
      sequenceS(TE.ApplySeq)({
        primary: primary.open(
          { ...env, name: id },
          { emptyKey, handOverMs: backup && failover.afterMs, spools: false },
        ),
        backup: beside(backup, 'backup', config.backup?.replay !== false),
        deadLetter: beside(deadLetter, 'deadLetter'),
      }),
      TE.map((sinks) => {
        const drain = openDrain(place, config, env);
        const { deadlineMs, share } = primary;
        const fairShare = fairShareOf(config.backup, env.held, streams);
        const policy = streamPolicy(config, { ...sinks, spool: drain, deadlineMs, share, fairShare }, env);
        return {
          plan,
          deliver: pipe(
            policy.write,
            settle(id, giveUp$, (stream, batch) => env.unsettled.writing(stream, batch)),
            sample(config.slice, env.random),
          ),
          replay: streamReplay({ config, backup: sinks.backup, drain, primary: policy.primary, giveUp$, env }),
          endSpool: () => drain?.close() ?? Promise.resolve(),
          close: () =>
            Promise.all([sinks.primary.close(), sinks.backup?.close(), sinks.deadLetter?.close(), drain?.close()]),
        };
      }),
    );
  };

/** Finds a bucket's route; the default bucket stands in for all that have none. */
const router = (config: Config, streams: readonly OpenStream[]): Topology['routeOf'] => {
  const byId = new Map(streams.map((stream) => [stream.plan.config.id, stream]));
  const routes = new Map(config.buckets.map((bucket) => [bucket.id, route(bucket, byId)]));
  const fallback = config.defaultBucket && route(config.defaultBucket, byId);
  return (bucket) => routes.get(bucket) ?? fallback;
};

const route = (bucket: BucketConfig, byId: ReadonlyMap<string, OpenStream>): Route => {
  const streams = bucket.streams.flatMap((id) => byId.get(id) ?? []);
  return {
    streams: streams.map(({ plan: { config, backup }, deliver }) => ({
      id: config.id,
      deliver,
      hasBackup: backup !== undefined,
    })),
    ...(bucket.whenFull === 'drop' && { dropsWhenFull: true }),
    ...(bucket.durability === 'journal' && { journaled: true }),
    emptyKey: emptyKeyOf(streams.map(({ plan }) => plan.config)),
    limits: tightest(
      { count: bucket.batch, ms: bucket.batchTimeoutMs, bytes: MAX_BATCH_BYTES },
      streams.map(({ plan }) => plan.primary.limits),
    ),
  };
};

/** What becomes of an empty key where the messages of a bucket lie for all of its streams: null where one of them says so. */
const emptyKeyOf = (streams: readonly Pick<StreamConfig, 'emptyKey'>[]): StreamOptions['emptyKey'] =>
  streams.some(({ emptyKey }) => emptyKey === 'null') ? 'null' : 'empty';

/** The same for each bucket, before anything is open. */
const emptyKeys = ({ streams, buckets, defaultBucket }: Config): Plan['emptyKeyOf'] => {
  const of = (bucket: BucketConfig): StreamOptions['emptyKey'] =>
    emptyKeyOf(streams.filter(({ id }) => bucket.streams.includes(id)));
  const byId = new Map(buckets.map((bucket) => [bucket.id, of(bucket)]));
  const fallback = defaultBucket ? of(defaultBucket) : 'empty';
  return (bucket) => byId.get(bucket) ?? fallback;
};

/** The smallest of each limit. */
const tightest = (own: BatchLimits, others: readonly Partial<BatchLimits>[]): BatchLimits =>
  others.reduce<BatchLimits>(
    (limits, { count, bytes, ms }) => ({
      count: Math.min(limits.count, count ?? Infinity),
      bytes: Math.min(limits.bytes, bytes ?? Infinity),
      ms: Math.min(limits.ms, ms ?? Infinity),
    }),
    own,
  );

const onAll =
  (streams: readonly OpenStream[], act: (stream: OpenStream) => Promise<unknown>): Task<void> =>
  async () => {
    await Promise.all(streams.map(act));
  };
