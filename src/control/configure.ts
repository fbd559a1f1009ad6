import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import { decodeBuckets, type ReadBuckets } from '../config/buckets';
import { bucketsFile, decodeEnvironment, variablesOf, type Environment, type Settings } from '../config/env';
import type { PlacedProblem } from '../config/report';
import { withoutNames, type Secrets } from '../config/secrets';
import type { Problem, SinkKind } from '../model';
import { planTopology, type Plan } from '../pipelines/topology';

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
  /** Reads a file; fails with what was found instead. */
  readonly read: (path: string) => E.Either<string, string>;
}

type Checked<A> = E.Either<readonly PlacedProblem[], A>;

/**
 * Reads and checks everything that the user configured: all problems of the environment, of `buckets.json` and of the sinks'
 * settings, or a plan. Nothing is opened, and no problem shows a secret.
 */
export const configure = ({ environment, envFile, kinds, read }: ConfigureOptions): Checked<Configured> => {
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
        E.chain((found) => planBuckets(file, found, kinds, spool)),
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
  { config, problems, warnings, secrets, show, positionOf }: ReadBuckets,
  kinds: ConfigureOptions['kinds'],
  spool: string | undefined,
): Checked<Pick<Configured, 'plan' | 'secrets' | 'warnings'>> => {
  const planned = planTopology(config, kinds, spool);
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
