import { asyncScheduler, Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';
import type { Batch, BatchLimits, Close, Frames, Reason, Unsettled } from '../model';
import { KeptRuns, type RunMemory } from './batchMemory';

export interface BatchOptions {
  /** Default: `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** Is shown what is open until who listens has taken it: what an end in between leaves stays in sight. */
  readonly gathering?: Unsettled['gathering'] | undefined;
  /** Where runs are gathered; for one subscription alone. Default: they are kept as they come. */
  readonly memory?: RunMemory;
  /** Told of each run when it is in the open batch, which may be closed for it. */
  readonly taken?: (run: Frames) => void;
}

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
 */
export const batch =
  (
    { count: maxCount, bytes: maxBytes, ms }: BatchLimits,
    close$: Observable<Close>,
    {
      scheduler = asyncScheduler,
      gathering = () => () => undefined,
      memory: given,
      taken = () => undefined,
    }: BatchOptions = {},
  ): OperatorFunction<Frames, Batch> =>
  (frames$) =>
    new Observable((destination) => {
      const memory = given ?? new KeptRuns();
      /** Of a batch that is being handed on. */
      let leaving: readonly Frames[] = [];
      let bucket = '';
      let count = 0;
      let bytes = 0;
      let timer: Subscription | undefined;

      const close = (closedBy: Reason): void => {
        timer?.unsubscribe();
        timer = undefined;
        if (count === 0) return;
        const closed: Batch = { bucket, ...memory.close(), count, bytes, closedBy };
        leaving = closed.frames;
        count = 0;
        bytes = 0;
        destination.next(closed);
        // Where it has ended, nobody may have taken it: something on the way threw.
        if (!destination.closed) leaving = [];
      };

      destination.add(() => timer?.unsubscribe());
      const forget = gathering(() => [...leaving, ...memory.frames()]);
      destination.add(() => {
        if (leaving.length + memory.runs === 0) forget();
      });
      destination.add(
        close$.subscribe({
          next: (asked) => {
            if (asked.reason === 'memory' || memory.has(asked.origins)) close(asked.reason);
          },
          error: (error: unknown) => destination.error(error),
        }),
      );
      destination.add(
        frames$.subscribe({
          next: (run) => {
            memory.add(run);
            bucket = run.bucket;
            count += run.count;
            bytes += run.bytes.length;
            taken(run);
            if (count >= maxCount) close('count');
            else if (bytes >= maxBytes) close('bytes');
            else if (count > 0) timer ??= scheduler.schedule(() => close('time'), ms);
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
