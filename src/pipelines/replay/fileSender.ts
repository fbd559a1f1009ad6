import {
  catchError,
  concat,
  defer,
  defaultIfEmpty,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  map,
  mergeMap,
  of,
  takeLast,
  tap,
  type Observable,
} from 'rxjs';
import { spokenFor, type SpoolFile } from '../../model';
import type { Found } from './found';
import { replayFile, type FileEvent, type Pending } from './replayFile';
import type { ReplayOptions, ReplayReader } from './options';

/** `sent`: all of it, and it is gone. `left`: it was not taken, or could not be read. `stopped`: there was no more time. */
export type FileResult = 'sent' | 'left' | 'stopped';

/** Sends files on, and keeps in memory what is left of a window: read again it would count as sent already. */
export interface FileSender {
  readonly send: (file: SpoolFile) => Observable<FileResult>;
  /** Closes what is open of files that are listed no more; without a list, of all. */
  readonly forget: (listed?: readonly SpoolFile[]) => Observable<never>;
  /** Windows that were settled. */
  readonly progress: () => number;
  /** Messages that were settled. */
  readonly messages: () => number;
}

interface Kept {
  readonly reader: ReplayReader;
  readonly pending: Pending;
}

/** What is left of more windows than these is read again, and counts as perhaps sent. A megabyte each. */
const MOST_KEPT = 4;

export const createFileSender = (options: ReplayOptions, found: Found): FileSender => {
  const { stream, primary, files, env } = options;
  const { held, ledger, log, scheduler } = env;
  const kept = new Map<string, Kept>();
  let windows = 0;
  let messages = 0;

  const close = (reader: ReplayReader, path: string, settled = false): Observable<never> =>
    defer(() => reader.close(settled)).pipe(
      ignoreElements(),
      catchError((error: unknown) => {
        log.debug('replay: a file could not be closed', { stream, path, cause: String(error) });
        return EMPTY;
      }),
    );

  const take = (path: string): Kept | undefined => {
    const one = kept.get(path);
    kept.delete(path);
    return one;
  };

  const open = (path: string): Observable<Partial<Kept> & Pick<Kept, 'reader'>> =>
    defer(() => {
      const again = take(path);
      return again ? of(again) : from(files.open(path)).pipe(map((reader) => ({ reader })));
    });

  const book = (event: FileEvent): void => {
    if (event.kind === 'end') return;
    if (event.left.length === 0) windows += 1;
    for (const outcome of event.outcomes) {
      messages += spokenFor(outcome);
      ledger.replayed(outcome);
    }
  };

  const endOf = (path: string, reader: ReplayReader, last: FileEvent | undefined): Observable<FileResult> => {
    if (last?.kind === 'end') return from(reader.remove()).pipe(ignoreElements(), endWithResult('sent'));
    if (last === undefined || last.left.length === 0)
      return close(reader, path, last !== undefined).pipe(endWithResult('stopped'));
    log.debug('replay: not taken, and tried again later', { stream, path, cause: last.left[0]?.cause.message });
    const { start, end, left } = last;
    if (kept.size >= MOST_KEPT) return close(reader, path).pipe(endWithResult('left'));
    held.charge(end - start);
    kept.set(path, { reader, pending: { start, end, parts: left } });
    return of('left');
  };

  const sendFrom = (
    path: string,
    { reader, pending }: Partial<Kept> & Pick<Kept, 'reader'>,
  ): Observable<FileResult> => {
    // What is in memory counts as held, from the read to the end of the write.
    let charged = pending ? pending.end - pending.start : 0;
    const charge = (bytes: number): void => {
      held.release(charged);
      held.charge(bytes);
      charged = bytes;
    };
    const charging = {
      next: () => defer(() => reader.next()).pipe(tap((window) => charge(window ? window.end - window.start : 0))),
    };
    return replayFile(charging, { ...options, write: primary.write, scheduler, pending }).pipe(
      tap((event) => {
        book(event);
        charge(0);
      }),
      takeLast(1),
      defaultIfEmpty(undefined),
      finalize(() => charge(0)),
      mergeMap((last) => endOf(path, reader, last)),
      catchError((error: unknown) => {
        log.warn('replay: a file could not be sent on, and is tried again', { stream, path, cause: String(error) });
        return close(reader, path).pipe(endWithResult('left'));
      }),
    );
  };

  return {
    progress: () => windows,
    messages: () => messages,
    send: ({ path }) =>
      concat(
        found.counted(path),
        open(path).pipe(
          catchError((error: unknown) => {
            log.warn('replay: a file could not be opened, and is tried again', { stream, path, cause: String(error) });
            return EMPTY;
          }),
          mergeMap((opened) => sendFrom(path, opened)),
          defaultIfEmpty<FileResult, FileResult>('left'),
        ),
      ),
    forget: (listed = []) =>
      defer(() => {
        const paths = new Set(listed.map(({ path }) => path));
        const closed = [...kept].filter(([path]) => !paths.has(path));
        return concat(
          ...closed.map(([path, { reader, pending }]) => {
            kept.delete(path);
            held.release(pending.end - pending.start);
            return close(reader, path);
          }),
        );
      }),
  };
};

const endWithResult =
  (result: FileResult) =>
  (closed$: Observable<never>): Observable<FileResult> =>
    concat(closed$, of(result));
