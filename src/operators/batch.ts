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

/** Batches of one bucket do not close more often than this for syncs, so that many of them do not make many batches. */
const SYNC_EVERY_MS = 2;

/**
 * Gathers the runs of one bucket into batches. A batch closes at `count` messages, at `bytes` bytes, `ms` after its first
 * run, when `close$` or a sync of one of its origins asks for it (a sync, 2 ms after the one before at the earliest), and at the end;
 * it is never empty. A run is not split: the one that reaches a limit still goes into the batch.
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
      let syncTimer: Subscription | undefined;
      let syncedMs = -Infinity;

      const close = (closedBy: Reason): void => {
        timer?.unsubscribe();
        timer = undefined;
        syncTimer?.unsubscribe();
        syncTimer = undefined;
        if (count === 0) return;
        const closed: Batch = { bucket, ...memory.close(), count, bytes, closedBy };
        for (const { origin } of closed.debts ?? closed.frames) origin.gathering?.delete(sync);
        leaving = closed.frames;
        count = 0;
        bytes = 0;
        destination.next(closed);
        // Where it has ended, nobody may have taken it: something on the way threw.
        if (!destination.closed) leaving = [];
      };
      const closeForSync = (): void => {
        syncedMs = scheduler.now();
        close('sync');
      };
      const sync = (): void => {
        if (syncTimer || count === 0) return;
        const sinceMs = scheduler.now() - syncedMs;
        // A clock that was set back must not make anybody wait.
        if (sinceMs >= SYNC_EVERY_MS || sinceMs < 0) closeForSync();
        else syncTimer = scheduler.schedule(closeForSync, SYNC_EVERY_MS - sinceMs);
      };

      destination.add(() => timer?.unsubscribe());
      destination.add(() => syncTimer?.unsubscribe());
      const forget = gathering(() => [...leaving, ...memory.frames()]);
      destination.add(() => {
        if (leaving.length === 0 && memory.runs === 0) forget();
      });
      destination.add(
        close$.subscribe({
          next: ({ reason }) => close(reason),
          error: (error: unknown) => destination.error(error),
        }),
      );
      destination.add(
        frames$.subscribe({
          next: (run) => {
            const { origin } = run;
            const isNew = memory.add(run);
            if (isNew) (origin.gathering ??= new Set()).add(sync);
            bucket = run.bucket;
            count += run.count;
            bytes += run.bytes.length;
            taken(run);
            if (count >= maxCount) close('count');
            else if (bytes >= maxBytes) close('bytes');
            else if (count > 0) timer ??= scheduler.schedule(() => close('time'), ms);
            // Held up on the way here by a journal, while its sync was not.
            if (isNew && origin.settled) sync();
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
