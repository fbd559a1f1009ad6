import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import { dirname, resolve } from 'node:path';
import { decodeBuckets, type ReadBuckets } from '../config/buckets';
import { bucketsFile, decodeEnvironment, variablesOf, type Environment, type Settings } from '../config/env';
import type { PlacedProblem } from '../config/report';
import { withoutNames, type Secrets } from '../config/secrets';
import type { Problem, SinkKind } from '../model';
import { NO_MODULES, type Modules } from '../pipelines/modules';
import { planTopology, type Plan, type PlanOptions } from '../pipelines/topology';

/** A configuration that passed all of its checks. */
export interface Configured {
  readonly settings: Settings;
  readonly plan: Plan;
  readonly warnings: readonly PlacedProblem[];
  /** What is never to be logged, and what is instead. */
  readonly secrets: Secrets;
}

export interface ConfigureOptions {
  /** Variables of the process; they win over those of the env file. */
  readonly environment: Environment;
  readonly envFile: Environment;
  readonly kinds: Readonly<Record<string, SinkKind>>;
  /** Modules that `buckets.json` names. Default: none can be loaded. */
  readonly modules?: (folder: string) => Modules;
  /** Reads a file; fails with what was found instead. */
  readonly read: (path: string) => E.Either<string, string>;
}

type Checked<A> = E.Either<readonly PlacedProblem[], A>;

/**
 * Reads and checks everything that the user configured: all problems of the environment, of `buckets.json` and of the sinks'
 * settings, or a plan. Modules that it names are loaded, nothing is opened, and no problem shows a secret.
 */
export const configure = ({
  environment,
  envFile,
  kinds,
  modules = () => NO_MODULES,
  read,
}: ConfigureOptions): Checked<Configured> => {
  const file = bucketsFile(environment, envFile);
  const variables = variablesOf(environment, envFile);
  const buckets = pipe(
    read(file),
    E.map((text) => decodeBuckets(text, variables)),
  );
  const { variables: used, show } = E.isRight(buckets) ? buckets.right : NOTHING_READ;
  const decoded = decodeEnvironment(environment, envFile, used);
  const spool = E.isRight(decoded) ? decoded.right.settings.spool : undefined;
  const inEnvironment = (problems: readonly Problem[]): readonly PlacedProblem[] =>
    show(problems).map((problem) => ({ file: 'environment', ...problem }));
  return pipe(
    all({
      environment: pipe(decoded, E.mapLeft(inEnvironment)),
      buckets: pipe(
        buckets,
        E.mapLeft((got) => [{ file, path: '', expected: 'a file that can be read', got }]),
        E.chain((found) => planBuckets(file, found, kinds, { spool, modules: modules(dirname(resolve(file))) })),
      ),
    }),
    E.map(({ environment: { settings, warnings }, buckets: { plan, warnings: ofBuckets, secrets } }) => ({
      settings,
      plan,
      secrets,
      warnings: [...inEnvironment(warnings), ...ofBuckets],
    })),
  );
};

const NOTHING_READ: Pick<ReadBuckets, 'variables' | 'show'> = { variables: [], show: (problems) => problems };

const all = sequenceS(E.getApplicativeValidation(RA.getSemigroup<PlacedProblem>()));

const planBuckets = (
  file: string,
  { config, problems, warnings, secrets, show, pathOf, positionOf }: ReadBuckets,
  kinds: ConfigureOptions['kinds'],
  options: PlanOptions,
): Checked<Pick<Configured, 'plan' | 'secrets' | 'warnings'>> => {
  const planned = planTopology(config, kinds, { ...options, pathOf });
  const inFile = (found: readonly Problem[]): readonly PlacedProblem[] =>
    found.map((problem) => ({ file, ...positionOf(problem.path), ...problem }));
  const wrong = [...problems, ...(E.isLeft(planned) ? show(planned.left) : [])];
  return E.isLeft(planned) || wrong.length > 0
    ? E.left(inFile(wrong))
    : E.right({
        plan: planned.right,
        warnings: inFile([...warnings, ...show(planned.right.warnings)]),
        secrets: withoutNames(secrets),
      });
};
