import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import { decodeBuckets } from '../config/buckets';
import { bucketsFile, decodeEnvironment, type Environment, type Settings } from '../config/env';
import { report } from '../config/report';
import type { SinkKind } from '../model';
import { planTopology, type Plan } from '../pipelines/topology';

/** A configuration that passed all of its checks. */
export interface Configured {
  readonly settings: Settings;
  readonly plan: Plan;
  /** Lines for people. */
  readonly warnings: readonly string[];
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
 * of the sinks' settings, or a plan. Nothing is opened.
 */
export const configure = ({
  environment,
  envFile,
  kinds,
  read,
}: ConfigureOptions): E.Either<readonly string[], Configured> => {
  const file = bucketsFile(environment, envFile);
  return pipe(
    allLines({
      environment: pipe(
        decodeEnvironment(environment, envFile),
        E.mapLeft((problems) => report('environment', problems)),
      ),
      buckets: pipe(
        read(file),
        E.mapLeft((reason) => [`${file}: ${reason}`]),
        E.chain((text) => planBuckets(file, text, kinds)),
      ),
    }),
    E.map(({ environment: { settings, warnings }, buckets: { plan, lines } }) => ({
      settings,
      plan,
      warnings: [...report('environment', warnings), ...lines],
    })),
  );
};

const allLines = sequenceS(E.getApplicativeValidation(RA.getSemigroup<string>()));

const planBuckets = (
  file: string,
  text: string,
  kinds: ConfigureOptions['kinds'],
): E.Either<readonly string[], { readonly plan: Plan; readonly lines: readonly string[] }> => {
  const { config, problems, warnings } = decodeBuckets(text);
  const planned = planTopology(config, kinds);
  const all = [...problems, ...(E.isLeft(planned) ? planned.left : [])];
  return E.isLeft(planned) || all.length > 0
    ? E.left(report(file, all))
    : E.right({ plan: planned.right, lines: report(file, [...warnings, ...planned.right.warnings]) });
};
