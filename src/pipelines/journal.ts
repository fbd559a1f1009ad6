import { defer, Observable, type ObservableInput, type OperatorFunction } from 'rxjs';
import type { Frames, Settled, StreamOptions, Unsettled } from '../model';

/** What runs are written ahead to. */
export interface Journal {
  /**
   * Completes when the runs are written.
   *
   * @param emptyKey what becomes there of a key of length 0 in a version 1 frame. Default: it stays empty
   */
  readonly append: (runs: readonly Frames[], emptyKey?: StreamOptions['emptyKey']) => ObservableInput<unknown>;
  /** Told of runs that have settled on all of their streams; `lost`: another process may still deliver something of them. */
  readonly settled: (runs: readonly Frames[], lost: boolean) => void;
}

/** Bytes of one call of `append`, about. */
const APPEND_BYTES = 1024 * 1024;

/** How many of the first runs make up a call. */
const firstOf = (runs: readonly Frames[]): number => {
  let bytes = 0;
  return 1 + runs.findIndex((run, index) => (bytes += run.bytes.length) >= APPEND_BYTES || index === runs.length - 1);
};

/** Whether another process may still deliver something of it: poison is taken nowhere, what else was dropped may be. */
export const wasLost = ({ outcomes }: Settled): boolean =>
  outcomes.some(({ dropped }) => dropped.some(({ reason, count }) => count > 0 && reason !== 'poison'));

/**
 * Passes runs on once they are written ahead, in order. What comes while a write is under way is written with the next one.
 * What was recovered passes at once: it lies in the file that it comes from.
 *
 *     source    -a-bc---|
 *                        journal(writtenAfter4ms)
 *     result    -----a---(bc|)
 *
 * An error of the source is passed on when what came before it has been.
 *
 * @param append writes runs ahead: they lie there when it completes; its error is the result's error
 * @param gathering is shown what is not written yet; what an end leaves of it stays in sight
 */
export const journal =
  (
    append: (runs: readonly Frames[]) => ObservableInput<unknown>,
    gathering: Unsettled['gathering'] = () => () => undefined,
  ): OperatorFunction<Frames, Frames> =>
  (frames$) =>
    new Observable((destination) => {
      /** In order; the first of them are being written. */
      let waiting: Frames[] = [];
      let writing = 0;
      let end: (() => void) | undefined;

      const goOn = (): void => {
        if (waiting.length === 0) {
          end?.();
          return;
        }
        writing = firstOf(waiting);
        const written = waiting.slice(0, writing);
        destination.add(
          defer(() => append(written)).subscribe({
            error: (error: unknown) => destination.error(error),
            complete: () => {
              waiting = waiting.slice(written.length);
              writing = 0;
              for (const run of written) destination.next(run);
              goOn();
            },
          }),
        );
      };
      const endWith = (last: () => void): void => {
        end = last;
        if (writing === 0) last();
      };

      const forget = gathering(() => waiting);
      destination.add(() => {
        if (waiting.length === 0) forget();
      });
      destination.add(
        frames$.subscribe({
          next: (run) => {
            if (run.origin.recovered) {
              destination.next(run);
              return;
            }
            waiting.push(run);
            if (writing === 0) goOn();
          },
          error: (error: unknown) => endWith(() => destination.error(error)),
          complete: () => endWith(() => destination.complete()),
        }),
      );
    });
