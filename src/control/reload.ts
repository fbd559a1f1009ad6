import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import { catchError, concatMap, defer, finalize, ignoreElements, of, Subject, tap, type Observable } from 'rxjs';
import { problemLines, type PlacedProblem } from '../config/report';
import type { Env, OpenError } from '../model';
import type { Configuration } from '../pipelines/routes';
import type { Reloaded, Topology } from '../pipelines/streams';

/** What has become of the reloads up to now. */
export interface ReloadCounts {
  /** One that is under way included. */
  readonly begun: number;
  readonly succeeded: number;
  readonly failed: number;
  /** The latest; undefined: there was none. */
  readonly last: { readonly atMs: number; readonly succeeded: boolean } | undefined;
}

/** Why what runs goes on. `notRunning`: nothing does, or it ends before its turn. `unexpected`: something threw, a module of the user's say. */
export type ReloadError =
  | { readonly kind: 'configuration'; readonly problems: readonly PlacedProblem[] }
  | { readonly kind: 'open'; readonly error: OpenError }
  | { readonly kind: 'unexpected'; readonly error: unknown }
  | { readonly kind: 'notRunning' };

/** Reads a configuration: all of its problems, or what it is now. */
export type Read<C> = () => E.Either<readonly PlacedProblem[], C>;

export interface ReloadsOptions<C extends Configuration> extends Pick<Env, 'log' | 'now'> {
  /** Reads the configuration again. */
  readonly configure: Read<C>;
  /** Told of a configuration that is in use from now on. */
  readonly reloaded: (configuration: C) => void;
  /** Told when one begins, and what has become of it. Default: nobody is. */
  readonly began?: (() => void) | undefined;
  readonly ended?: ((succeeded: boolean) => void) | undefined;
}

/** Reloads of the configuration while the daemon runs. */
export interface Reloads<C extends Configuration = Configuration> {
  /**
   * Asks for one, and tells what became of it; one that comes while another is under way waits for it.
   *
   * @param configure default: as the options say
   */
  readonly request: (configure?: Read<C>) => Promise<E.Either<ReloadError, Reloaded>>;
  /** Carries them out, until it is unsubscribed. Never fails, never completes. */
  readonly run: (topology: Pick<Topology, 'reload'>, waitMs: number) => Observable<never>;
  readonly counts: () => ReloadCounts;
}

interface Request<C> {
  readonly read: Read<C>;
  readonly answer: (result: E.Either<ReloadError, Reloaded>) => void;
}

const linesOf = (error: ReloadError): readonly string[] => {
  switch (error.kind) {
    case 'configuration':
      return problemLines(error.problems);
    case 'open':
      return [`${error.error.sink}: ${error.error.message}`];
    case 'unexpected':
      return [String(error.error)];
    case 'notRunning':
      return ['the daemon does not run'];
  }
};

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
}: ReloadsOptions<C>): Reloads<C> => {
  const requests$ = new Subject<Request<C>>();
  const waiting = new Set<Request<C>>();
  let counts: ReloadCounts = { begun: 0, succeeded: 0, failed: 0, last: undefined };

  const attempt = (
    read: Read<C>,
    topology: Pick<Topology, 'reload'>,
    waitMs: number,
  ): TE.TaskEither<ReloadError, Reloaded> =>
    pipe(
      TE.fromEither(read()),
      TE.mapLeft((problems): ReloadError => ({ kind: 'configuration', problems })),
      TE.chain((configuration) =>
        pipe(
          topology.reload(configuration, waitMs, () => reloaded(configuration)),
          TE.mapLeft((error): ReloadError => ({ kind: 'open', error })),
        ),
      ),
    );
  const tell = (result: E.Either<ReloadError, Reloaded>): void => {
    const succeeded = E.isRight(result);
    counts = {
      ...counts,
      succeeded: counts.succeeded + Number(succeeded),
      failed: counts.failed + Number(!succeeded),
      last: { atMs: now(), succeeded },
    };
    if (E.isRight(result)) log.info('configuration reloaded', { ...result.right });
    else log.error('configuration not reloaded, what runs goes on', { problems: linesOf(result.left) });
    ended?.(succeeded);
  };
  const answer = (request: Request<C>, result: E.Either<ReloadError, Reloaded>): void => {
    waiting.delete(request);
    request.answer(result);
  };
  return {
    request: (read = configure) =>
      new Promise((resolve) => {
        const request = { read, answer: resolve };
        waiting.add(request);
        if (requests$.observed) requests$.next(request);
        else answer(request, E.left({ kind: 'notRunning' }));
      }),
    run: (topology, waitMs) =>
      requests$.pipe(
        concatMap((request) => {
          counts = { ...counts, begun: counts.begun + 1 };
          began?.();
          return defer(() => attempt(request.read, topology, waitMs)()).pipe(
            catchError((error: unknown) => of(E.left({ kind: 'unexpected' as const, error }))),
            tap(tell),
            tap((result) => answer(request, result)),
          );
        }),
        ignoreElements(),
        finalize(() => {
          for (const request of waiting) answer(request, E.left({ kind: 'notRunning' }));
        }),
      ),
    counts: () => counts,
  };
};
