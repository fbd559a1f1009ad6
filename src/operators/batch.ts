import { asyncScheduler, Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';
import type { Batch, BatchLimits, Close, Frames, Reason, Unsettled } from '../model';

/**
 * Gathers the runs of one bucket into batches. A batch closes at `count` messages, at `bytes` bytes, `ms` after its first
 * run, when `close$` asks for it, and at the end; it is never empty. A run is not split: the one that reaches a limit
 * still goes into the batch.
 *
 *     source    -a-b--c-----------d--|
 *                        batch({ count: 2, ms: 5 })
 *     result    ---(ab)----c---------(d|)
 *
 * Of the family of `bufferTime(ms, null, count)`, without its empty buffers, its timer while idle, and its loss of the
 * buffer on an error: what is open is emitted before the error.
 *
 * @param close$ shared by all buckets; its error is the result's error, its end means nothing
 * @param gathering is shown what is open until who listens has taken it: what an end in between leaves stays in sight
 */
export const batch =
  (
    { count: maxCount, bytes: maxBytes, ms }: BatchLimits,
    close$: Observable<Close>,
    scheduler: SchedulerLike = asyncScheduler,
    gathering: Unsettled['gathering'] = () => () => undefined,
  ): OperatorFunction<Frames, Batch> =>
  (frames$) =>
    new Observable((destination) => {
      let frames: Frames[] = [];
      /** Of a batch that is being handed on. */
      let leaving: readonly Frames[] = [];
      let count = 0;
      let bytes = 0;
      let timer: Subscription | undefined;

      const close = (closedBy: Reason): void => {
        timer?.unsubscribe();
        timer = undefined;
        const [first] = frames;
        if (!first) return;
        const closed: Batch = { bucket: first.bucket, frames, count, bytes, closedBy };
        leaving = frames;
        frames = [];
        count = 0;
        bytes = 0;
        destination.next(closed);
        // Where it has ended, nobody may have taken it: something on the way threw.
        if (!destination.closed) leaving = [];
      };

      destination.add(() => timer?.unsubscribe());
      const forget = gathering(() => [...leaving, ...frames]);
      destination.add(() => {
        if (leaving.length + frames.length === 0) forget();
      });
      destination.add(
        close$.subscribe({
          next: (asked) => {
            if (asked.reason === 'memory' || frames.some(({ origin }) => asked.origins.has(origin)))
              close(asked.reason);
          },
          error: (error: unknown) => destination.error(error),
        }),
      );
      destination.add(
        frames$.subscribe({
          next: (run) => {
            frames.push(run);
            count += run.count;
            bytes += run.bytes.length;
            if (count >= maxCount) close('count');
            else if (bytes >= maxBytes) close('bytes');
            else timer ??= scheduler.schedule(() => close('time'), ms);
          },
          error: (error: unknown) => {
            close('end');
            destination.error(error);
          },
          complete: () => {
            close('end');
            destination.complete();
          },
        }),
      );
    });
