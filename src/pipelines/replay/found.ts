import {
  AsyncSubject,
  catchError,
  concatMap,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  share,
  Subject,
  tap,
  type Observable,
} from 'rxjs';
import type { SpoolFile } from '../../model';
import type { ReplayOptions } from './options';

/** Files that an earlier process left: their messages are booked once, before any of them is sent on. */
export interface Found {
  readonly add: (files: readonly SpoolFile[]) => void;
  /** Completes when the file is counted; at once where it is none of them. */
  readonly counted: (path: string) => Observable<never>;
  /** Counts them, one after the other. */
  readonly all$: Observable<never>;
}

export const createFound = ({
  stream,
  files: { count },
  env: { ledger, log },
}: Pick<ReplayOptions, 'stream' | 'files' | 'env'>): Found => {
  const waiting = new Map<string, Observable<never>>();
  const added$ = new Subject<readonly SpoolFile[]>();
  const counted = (path: string): Observable<never> => defer(() => waiting.get(path) ?? EMPTY);

  const countOnce = (path: string): Observable<never> =>
    defer(() => count(path)).pipe(
      tap((counts) => {
        for (const [bucket, messages] of counts) ledger.found(bucket, stream, messages);
      }),
      catchError((error: unknown) => {
        log.warn('replay: a file could not be counted', { stream, path, cause: String(error) });
        return EMPTY;
      }),
      ignoreElements(),
      finalize(() => waiting.delete(path)),
      share({ connector: () => new AsyncSubject(), resetOnRefCountZero: false, resetOnComplete: false }),
    );

  return {
    add(files) {
      for (const { path } of files) waiting.set(path, countOnce(path));
      added$.next(files);
    },
    counted,
    all$: added$.pipe(concatMap((files) => from(files).pipe(concatMap(({ path }) => counted(path))))),
  };
};
