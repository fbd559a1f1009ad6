import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import { decodeBuckets, type ReadBuckets } from '../config/buckets';
import { bucketsFile, decodeEnvironment, variablesOf, type Environment, type Settings } from '../config/env';
import { report } from '../config/report';
import { withoutNames, type Secrets } from '../config/secrets';
import type { SinkKind } from '../model';
import { planTopology, type Plan } from '../pipelines/topology';

/** A configuration that passed all of its checks. */
export interface Configured {
  readonly settings: Settings;
  readonly plan: Plan;
  /** Lines for people. */
  readonly warnings: readonly string[];
  /** What is never to be logged, and what is instead. */
  readonly secrets: Secrets;
}

export interface ConfigureOptions {
  /** Variables of the process; they win over those of the env file. */
  readonly environment: Environment;
  readonly envFile: Environment;
  readonly kinds: Readonly<Record<string, SinkKind>>;
  /** Reads a file; fails with the reason. */
  readonly read: (path: string) => E.Either<string, string>;
}

/**
 * Reads and checks everything that the user configured: lines that name all problems of the environment, of `buckets.json` and
 * of the sinks' settings, or a plan. Nothing is opened, and no line shows a secret.
 */
export const configure = ({
  environment,
  envFile,
  kinds,
  read,
}: ConfigureOptions): E.Either<readonly string[], Configured> => {
  const file = bucketsFile(environment, envFile);
  const variables = variablesOf(environment, envFile);
  const buckets = pipe(
    read(file),
    E.map((text) => decodeBuckets(text, variables)),
  );
  const { variables: used, show } = E.isRight(buckets) ? buckets.right : NOTHING_READ;
  const decoded = decodeEnvironment(environment, envFile, used);
  const spool = E.isRight(decoded) ? decoded.right.settings.spool : undefined;
  return pipe(
    allLines({
      environment: pipe(
        decoded,
        E.mapLeft((problems) => report('environment', show(problems))),
      ),
      buckets: pipe(
        buckets,
        E.mapLeft((reason) => [`${file}: ${reason}`]),
        E.chain((found) => planBuckets(file, found, kinds, spool)),
      ),
    }),
    E.map(({ environment: { settings, warnings }, buckets: { plan, lines, secrets } }) => ({
      settings,
      plan,
      secrets,
      warnings: [...report('environment', show(warnings)), ...lines],
    })),
  );
};

const NOTHING_READ: Pick<ReadBuckets, 'variables' | 'show'> = { variables: [], show: (problems) => problems };

const allLines = sequenceS(E.getApplicativeValidation(RA.getSemigroup<string>()));

const planBuckets = (
  file: string,
  { config, problems, warnings, secrets, show }: ReadBuckets,
  kinds: ConfigureOptions['kinds'],
  spool: string | undefined,
): E.Either<
  readonly string[],
  { readonly plan: Plan; readonly lines: readonly string[]; readonly secrets: Secrets }
> => {
  const planned = planTopology(config, kinds, spool);
  const all = [...problems, ...(E.isLeft(planned) ? show(planned.left) : [])];
  return E.isLeft(planned) || all.length > 0
    ? E.left(report(file, all))
    : E.right({
        plan: planned.right,
        lines: report(file, [...warnings, ...show(planned.right.warnings)]),
        secrets: withoutNames(secrets),
      });
};
