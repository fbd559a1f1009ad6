import {
  defer,
  from,
  map,
  mergeMap,
  of,
  repeat,
  takeUntil,
  takeWhile,
  tap,
  timer,
  type Observable,
  type ObservableInput,
  type SchedulerLike,
} from 'rxjs';
import type { Write } from '../../model';
import type { Window } from '../../spool/spoolReader';
import { sendWindow, type Sent, type ToSend } from './sendWindow';

/** What sending on asks of the reader of a file: a `SpoolReader`, of promises or of anything else that rxjs takes. */
export interface WindowReader {
  readonly next: () => ObservableInput<Window | undefined>;
}

/** What is under way of a file: a window, or what was left of one. */
export interface Pending {
  /** Bytes of the file before the window, and up to its end. */
  readonly start: number;
  readonly end: number;
  readonly parts: readonly ToSend[];
}

/** A window is settled where nothing is `left`; `end`: all of the file is. */
export type FileEvent =
  ({ readonly kind: 'window'; readonly start: number; readonly end: number } & Sent) | { readonly kind: 'end' };

export interface ReplayFileOptions {
  /** For the outcomes. */
  readonly stream: string;
  readonly write: Write;
  /** The share of the time that sending takes, above 0, at most 1 (without a pause). */
  readonly rate: number;
  /** No window is begun after it has emitted; it must replay. */
  readonly stop$: Observable<unknown>;
  /** Told to the write: what is under way fails promptly. It must replay. */
  readonly giveUp$: Observable<unknown>;
  readonly scheduler: SchedulerLike;
  /** What an earlier attempt left of the window that was read last. Default: the next window is read. */
  readonly pending?: Pending | undefined;
}

/** A slow window, or a clock that jumps, makes no pause longer than this. */
const MAX_PAUSE_MS = 5_000;

/**
 * Sends a file on, window by window, each when the one before is settled. It ends with the file, with a window of which
 * something is left, or at `stop$`; an error is the reader's.
 *
 *     reader    w--------w-------.      . the end of the file
 *     write      ---r|    ---r|         3 ms each
 *                                       replayFile({ rate: 0.5 })
 *     result    ----a---------b---(e|)  after each window a pause as long as it took
 */
export const replayFile = (
  reader: WindowReader,
  { stream, write, rate, stop$, giveUp$, scheduler, pending }: ReplayFileOptions,
): Observable<FileEvent> =>
  defer(() => {
    let first = pending;
    let tookMs = 0;
    const read = (): Observable<Pending | undefined> => {
      const again = first;
      first = undefined;
      return again ? of(again) : from(reader.next()).pipe(map(pendingOf));
    };
    const send = ({ start, end, parts }: Pending): Observable<FileEvent> =>
      sendWindow(stream, parts, write, giveUp$).pipe(map((sent) => ({ kind: 'window', start, end, ...sent })));
    const one$ = defer(() => {
      const sinceMs = scheduler.now();
      return read().pipe(
        mergeMap((window) => (window ? send(window) : of<FileEvent>({ kind: 'end' }))),
        tap(() => (tookMs = scheduler.now() - sinceMs)),
      );
    });
    const pause = (): Observable<unknown> =>
      (rate < 1 ? timer(Math.min(MAX_PAUSE_MS, tookMs * (1 / rate - 1)), scheduler) : of(0)).pipe(takeUntil(stop$));
    const unlessStopped$ = of(0).pipe(takeUntil(stop$));
    return unlessStopped$.pipe(mergeMap(() => one$.pipe(repeat({ delay: pause }), takeWhile(isSettled, true))));
  });

const pendingOf = (window: Window | undefined): Pending | undefined => {
  if (!window) return undefined;
  const { start, end, batches, maybeTwice } = window;
  return { start, end, parts: batches.map((batch) => ({ batch, written: maybeTwice ? 'unknown' : 'no' })) };
};

const isSettled = (event: FileEvent): boolean => event.kind === 'window' && event.left.length === 0;
