import { isDeepStrictEqual } from 'node:util';
import type { BucketConfig, Config, StreamConfig } from '../config/buckets';
import type { BatchLimits, StreamOptions } from '../model';
import type { Route } from './bucket';
import type { PlannedOperator } from './checkParts';
import type { OpenStream, StreamPlan } from './stream/stream';

/** A batch closes at this many bytes, whatever its bucket asks for. */
const MAX_BATCH_BYTES = 1_000_000;

/** What becomes of the messages of a bucket. */
export interface BucketPlan {
  readonly config: BucketConfig;
  /** Its own, as far as its streams do not ask for less. */
  readonly limits: BatchLimits;
  /** What its messages pass on their way into each stream. */
  readonly operators: readonly PlannedOperator[];
}

/** Buckets and streams that passed their checks. */
export interface Configuration {
  readonly streams: readonly StreamPlan[];
  readonly buckets: readonly BucketPlan[];
  /** For the messages of all other buckets; without it they are refused. */
  readonly defaultBucket: BucketPlan | undefined;
}

export const planBucket =
  (config: BucketConfig) =>
  (operators: readonly PlannedOperator[]) =>
  (plans: readonly StreamPlan[]): BucketPlan => ({
    config,
    operators,
    limits: tightest(
      { count: config.batch, ms: config.batchTimeoutMs, bytes: MAX_BATCH_BYTES },
      plans.filter((plan) => config.streams.includes(plan.config.id)).map(({ primary }) => primary.limits),
    ),
  });

/** Finds a bucket's route. Undefined where nothing is configured for it. */
export type RouteOf = (bucket: string) => Route | undefined;

/** A route, and what it was made of. */
interface Made {
  readonly bucket: BucketPlan;
  readonly streams: readonly OpenStream[];
  readonly route: Route;
}

/** The routes of a configuration. */
export interface Routes {
  /** The default bucket stands in for all that have none of their own. */
  readonly routeOf: RouteOf;
  readonly made: ReadonlyMap<string, Made>;
  readonly fallback: Made | undefined;
}

/**
 * Makes the routes of a configuration over its streams. Those of `before` that are made of the same stay the same.
 *
 * @throws where an operator does not open
 */
export const createRoutes = (
  { buckets, defaultBucket }: Omit<Configuration, 'streams'>,
  streams: readonly OpenStream[],
  before?: Routes,
): Routes => {
  const byId = new Map(streams.map((stream) => [stream.plan.config.id, stream]));
  const make = (bucket: BucketPlan, old: Made | undefined): Made => {
    const of = bucket.config.streams.flatMap((id) => byId.get(id) ?? []);
    const isSame =
      old?.streams.every((stream, index) => stream === of[index]) &&
      isDeepStrictEqual(settingsOf(old.bucket), settingsOf(bucket));
    return old && isSame ? old : { bucket, streams: of, route: routeTo(bucket, of) };
  };
  const made = new Map(buckets.map((bucket) => [bucket.config.id, make(bucket, before?.made.get(bucket.config.id))]));
  const fallback = defaultBucket && make(defaultBucket, before?.fallback);
  return { made, fallback, routeOf: (bucket) => (made.get(bucket) ?? fallback)?.route };
};

/** Its operators are those that the configuration names, whatever functions they are now. */
const settingsOf = ({ config, limits }: BucketPlan): unknown => ({ config, limits });

const routeTo = ({ config, limits, operators }: BucketPlan, streams: readonly OpenStream[]): Route => ({
  limits,
  streams: streams.map(({ plan: { config: of, backup }, through }) => ({
    id: of.id,
    deliver: through(operators),
    hasBackup: backup !== undefined,
  })),
  join: () => {
    const leaves = streams.map((stream) => stream.join());
    return () => leaves.forEach((leave) => leave());
  },
  ...(config.whenFull === 'drop' && { dropsWhenFull: true }),
  ...(config.durability === 'journal' && { journaled: true }),
  emptyKey: emptyKeyOf(streams.map(({ plan }) => plan.config)),
});

/** What becomes of an empty key where the messages of a bucket lie for all of its streams: null where one of them says so. */
const emptyKeyOf = (streams: readonly Pick<StreamConfig, 'emptyKey'>[]): StreamOptions['emptyKey'] =>
  streams.some(({ emptyKey }) => emptyKey === 'null') ? 'null' : 'empty';

/** The same for each bucket, before anything is open. */
export const emptyKeys = ({
  streams,
  buckets,
  defaultBucket,
}: Config): ((bucket: string) => StreamOptions['emptyKey']) => {
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
