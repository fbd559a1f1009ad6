import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import { concatMap, defer, ignoreElements, Subject, tap, type Observable } from 'rxjs';
import type { Env } from '../model';
import type { Configuration } from '../pipelines/routes';
import type { Reloaded, Topology } from '../pipelines/streams';

/** What has become of the reloads up to now. */
export interface ReloadCounts {
  readonly succeeded: number;
  readonly failed: number;
  /** The latest; undefined: there was none. */
  readonly last: { readonly atMs: number; readonly succeeded: boolean } | undefined;
}

export interface ReloadsOptions<C extends Configuration> extends Pick<Env, 'log' | 'now'> {
  /** Reads the configuration again: lines that name all of its problems, or what it is now. */
  readonly configure: () => E.Either<readonly string[], C>;
  /** Told of a configuration that is in use from now on. */
  readonly reloaded: (configuration: C) => void;
  /** Told when one begins, and what has become of it. Default: nobody is. */
  readonly began?: () => void;
  readonly ended?: (succeeded: boolean) => void;
}

/** Reloads of the configuration while the daemon runs. */
export interface Reloads {
  /** Asks for one; one that comes while another is under way waits for it. */
  readonly request: () => void;
  /** Carries them out, until it is unsubscribed. Never fails, never completes. */
  readonly run: (topology: Pick<Topology, 'reload'>, waitMs: number) => Observable<never>;
  readonly counts: () => ReloadCounts;
}

/**
 * Takes a changed configuration, all of it or nothing, and tells in the log what became of it.
 *
 *     request   --r---------r---
 *     configure   c         c?          ? has problems: what runs goes on
 *     reload      ------|
 */
export const createReloads = <C extends Configuration>({
  configure,
  reloaded,
  began,
  ended,
  log,
  now,
}: ReloadsOptions<C>): Reloads => {
  const requests$ = new Subject<void>();
  let counts: ReloadCounts = { succeeded: 0, failed: 0, last: undefined };

  const attempt = (topology: Pick<Topology, 'reload'>, waitMs: number): TE.TaskEither<readonly string[], Reloaded> =>
    pipe(
      TE.fromEither<readonly string[], C>(configure()),
      TE.chain((configuration) =>
        pipe(
          topology.reload(configuration, waitMs, () => reloaded(configuration)),
          TE.mapLeft(({ sink, message }): readonly string[] => [`${sink}: ${message}`]),
        ),
      ),
    );
  const tell = (result: E.Either<readonly string[], Reloaded>): void => {
    const succeeded = E.isRight(result);
    counts = {
      succeeded: counts.succeeded + Number(succeeded),
      failed: counts.failed + Number(!succeeded),
      last: { atMs: now(), succeeded },
    };
    if (E.isRight(result)) log.info('configuration reloaded', { ...result.right });
    else log.error('configuration not reloaded, what runs goes on', { problems: result.left });
    ended?.(succeeded);
  };
  return {
    request: () => requests$.next(),
    run: (topology, waitMs) =>
      requests$.pipe(
        concatMap(() => {
          began?.();
          return defer(attempt(topology, waitMs)).pipe(tap(tell));
        }),
        ignoreElements(),
      ),
    counts: () => counts,
  };
};
