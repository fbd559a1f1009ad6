import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import type { Task } from 'fp-ts/Task';
import type * as TE from 'fp-ts/TaskEither';
import type { Observable } from 'rxjs';
import type { Config, StreamConfig } from '../config/buckets';
import type { CheckedSink, Env, OpenError, Problem, SinkKind, StreamOptions } from '../model';
import { childPath } from '../sinks/problems';
import type { StreamPlan } from './openStream';
import { checkReplay } from './replay/checkReplay';
import { emptyKeys, planBucket, type Configuration } from './routes';
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
    E.map((streams) => {
      const bucketPlan = planBucket(streams);
      const configuration: Configuration = {
        streams,
        buckets: config.buckets.map(bucketPlan),
        defaultBucket: config.defaultBucket && bucketPlan(config.defaultBucket),
      };
      return {
        ...configuration,
        warnings: streams.flatMap(({ config: { deadLetter: own }, primary, backup, deadLetter }) => [
          ...primary.warnings,
          ...(backup?.warnings ?? []),
          ...((own && deadLetter?.warnings) ?? []),
        ]),
        emptyKeyOf: emptyKeys(config),
        open: (env, giveUp$, claim = nobodyElse) =>
          openTopology(configuration, { env, giveUp$, place: { spool, claim, file: kinds['file'] } }),
      };
    }),
  );

const nobodyElse: Task<void> = () => Promise.resolve();

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
