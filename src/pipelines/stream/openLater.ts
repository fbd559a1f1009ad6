import * as E from 'fp-ts/Either';
import type * as TE from 'fp-ts/TaskEither';
import { defer, firstValueFrom, from, mergeMap, retry, takeUntil, timer, type Observable } from 'rxjs';
import type { Env, OpenError } from '../../model';
import type { Turn, Ways } from './stream';

/** A stream that could not be opened in its turn is tried again this often. */
const REOPEN_MS = 1_000;

/** Opens a stream in its turn, and tries until it opens. Undefined: it has gone before. */
export const openLater = (
  open: TE.TaskEither<OpenError, Ways>,
  { after }: Turn,
  gone$: Observable<unknown>,
  { log, scheduler }: Env,
): Promise<Ways | undefined> => {
  const opened$ = defer(open).pipe(
    mergeMap(
      E.match(
        (error) => {
          log.error('a stream does not open', { stream: error.sink, error: error.message });
          throw new Error(error.message);
        },
        (ways) => [ways],
      ),
    ),
    retry({ delay: () => timer(REOPEN_MS, scheduler) }),
  );
  return firstValueFrom(
    from(after).pipe(
      mergeMap(() => opened$),
      takeUntil(gone$),
    ),
    { defaultValue: undefined },
  );
};
