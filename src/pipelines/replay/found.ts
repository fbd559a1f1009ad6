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
import type { Booked, ReplayOptions } from './options';

/** Files that an earlier process left, and that nobody has booked: their messages are booked once, before any of them is sent on. */
export interface Found {
  readonly add: (files: readonly SpoolFile[]) => void;
  /** Completes when the file is counted; at once where it is none of them. */
  readonly counted: (path: string) => Observable<never>;
  /** Counts them, one after the other. */
  readonly all$: Observable<never>;
}

/** Of the first stream of its name, in its process. */
export const nothingBooked = (): Booked => ({ paths: new Set(), fromMs: Infinity });

export const createFound = ({
  stream,
  files: { count },
  booked = nothingBooked(),
  env: { ledger, log },
}: Pick<ReplayOptions, 'stream' | 'files' | 'booked' | 'env'>): Found => {
  const waiting = new Map<string, Observable<never>>();
  const added$ = new Subject<readonly SpoolFile[]>();
  const counted = (path: string): Observable<never> => defer(() => waiting.get(path) ?? EMPTY);

  const countOnce = (path: string): Observable<never> =>
    defer(() => count(path)).pipe(
      tap((counts) => {
        booked.paths.add(path);
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
      const fresh = files.filter(({ path, madeMs }) => madeMs < booked.fromMs && !booked.paths.has(path));
      for (const { path } of fresh) waiting.set(path, countOnce(path));
      added$.next(fresh);
    },
    counted,
    all$: added$.pipe(concatMap((files) => from(files).pipe(concatMap(({ path }) => counted(path))))),
  };
};
