import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import type { Task } from 'fp-ts/Task';
import type * as TE from 'fp-ts/TaskEither';
import type { Observable } from 'rxjs';
import type { BucketConfig, Config, StreamConfig } from '../config/buckets';
import type { CheckedSink, Env, OpenError, Problem, SinkKind, StreamOptions } from '../model';
import { childPath } from '../sinks/problems';
import { allProblems, checksOf } from './checkParts';
import { NO_MODULES, type Modules } from './modules';
import type { StreamPlan } from './stream/stream';
import { checkReplay } from './replay/checkReplay';
import { emptyKeys, planBucket, type BucketPlan, type Configuration } from './routes';
import { openTopology, type Topology } from './streams';

/** A configuration that passed its checks, ready to be opened. */
export interface Plan extends Configuration {
  readonly warnings: readonly Problem[];
  /** What becomes of an empty key in a file for all streams of a bucket. */
  readonly emptyKeyOf: (bucket: string) => StreamOptions['emptyKey'];
  /**
   * @param giveUp$ ends all attempts when it emits (a drain that took too long); it must replay
   * @param claim is run before anything is made in the spool
   */
  readonly open: (env: Env, giveUp$: Observable<unknown>, claim?: Task<void>) => TE.TaskEither<OpenError, Topology>;
}

/** Where a configuration comes from, and what else it may name. */
export interface PlanOptions {
  /** The folder for what is neither delivered nor backed up when a drain ends. Default: that is lost. */
  readonly spool?: string | undefined;
  /** Default: none. */
  readonly modules?: Modules;
  /** Where a bucket stands. Default: at its place in the list. */
  readonly pathOf?: (bucket: BucketConfig) => string;
}

/** Checks every stream's settings with its kind of sink, and those of operators: all problems at once, nothing opened. */
export const planTopology = (
  config: Config,
  sinks: Readonly<Record<string, SinkKind>>,
  { spool, modules = NO_MODULES, pathOf = placeIn(config) }: PlanOptions = {},
): E.Either<readonly Problem[], Plan> => {
  const checks = checksOf({ sinks, modules });
  const planOf = (bucket: BucketConfig): E.Either<readonly Problem[], (streams: readonly StreamPlan[]) => BucketPlan> =>
    pipe(checks.operators(bucket.operators, pathOf(bucket)), E.map(planBucket(bucket)));
  return pipe(
    sequenceS(allProblems)({
      streams: pipe(config.streams, RA.traverse(allProblems)(planStream(checks)), E.chain(withoutClashes)),
      buckets: pipe(config.buckets, RA.traverse(allProblems)(planOf)),
      defaultBucket: config.defaultBucket ? planOf(config.defaultBucket) : E.right(undefined),
    }),
    E.map(({ streams, buckets, defaultBucket }) => {
      const configuration: Configuration = {
        streams,
        buckets: buckets.map((plan) => plan(streams)),
        defaultBucket: defaultBucket?.(streams),
      };
      return {
        ...configuration,
        warnings: warningsOf(configuration),
        emptyKeyOf: emptyKeys(config),
        open: (env, giveUp$, claim = nobodyElse) =>
          openTopology(configuration, { env, giveUp$, place: { spool, claim, file: sinks['file'] } }),
      };
    }),
  );
};

const placeIn =
  ({ buckets }: Config) =>
  (bucket: BucketConfig): string =>
    buckets.includes(bucket) ? `buckets[${buckets.indexOf(bucket)}]` : 'defaultBucket';

const warningsOf = ({ streams, buckets, defaultBucket }: Configuration): readonly Problem[] => [
  ...streams.flatMap(({ config: { deadLetter: own }, primary, backup, deadLetter, operators }) => [
    ...primary.warnings,
    ...(backup?.warnings ?? []),
    ...((own && deadLetter?.warnings) ?? []),
    ...operators.flatMap(({ warnings }) => warnings),
  ]),
  ...[...buckets, ...(defaultBucket ? [defaultBucket] : [])].flatMap(({ operators }) =>
    operators.flatMap(({ warnings }) => warnings),
  ),
];

const nobodyElse: Task<void> = () => Promise.resolve();

const streamPath = ({ id }: StreamConfig): string => childPath('streamsConfigs', id);

const planStream =
  (checks: ReturnType<typeof checksOf>) =>
  (config: StreamConfig): E.Either<readonly Problem[], StreamPlan> => {
    const path = streamPath(config);
    const optional = (key: 'backup' | 'deadLetter'): E.Either<readonly Problem[], CheckedSink | undefined> => {
      const sink = config[key];
      return sink ? checks.sink(sink, `${path}.${key}`) : E.right(undefined);
    };
    return pipe(
      sequenceS(allProblems)({
        config: E.right(config),
        primary: checks.sink(config, path),
        backup: optional('backup'),
        deadLetter: optional('deadLetter'),
        operators: checks.operators(config.operators, path),
      }),
      E.chainFirst(({ backup }) => checkReplay(path, config.backup, backup)),
      E.map((plan) => ({ ...plan, deadLetter: plan.deadLetter ?? plan.backup?.deadLetters })),
    );
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
