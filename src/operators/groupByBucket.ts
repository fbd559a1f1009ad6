import {
  type GroupedObservable,
  NEVER,
  type Observable,
  type OperatorFunction,
  type SchedulerLike,
  Subject,
  type Subscription,
  asyncScheduler,
  defer,
  finalize,
  groupBy,
} from 'rxjs';
import type { Frames } from '../model';

export interface GroupByBucketOptions {
  /** Groups open at once; at the bound the one idle longest ends. Default 10,000. */
  readonly maxBuckets?: number;
  /** A group ends when nothing came for this long. */
  readonly idleMs: number;
  /** Default: `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

interface Group {
  lastMs: number;
  readonly end$: Subject<void>;
}

/** The open groups, the one idle longest first. One timer serves all; touching one costs no more than its place in a Map. */
class OpenGroups {
  private readonly groups = new Map<string, Group>();
  private newest: Group | undefined;
  private timer: Subscription | undefined;

  constructor(
    private readonly maxBuckets: number,
    private readonly idleMs: number,
    private readonly scheduler: SchedulerLike,
  ) {}

  touch(bucket: string): void {
    const known = this.groups.get(bucket);
    if (!known && this.groups.size >= this.maxBuckets) this.endOldest();
    const group = known ?? { lastMs: 0, end$: new Subject<void>() };
    group.lastMs = this.scheduler.now();
    if (group !== this.newest) {
      this.groups.delete(bucket);
      this.groups.set(bucket, group);
      this.newest = group;
    }
    this.timer ??= this.endIdleIn(this.idleMs);
  }

  /** Emits when the group of `bucket`, just touched, has to end. */
  endOf(bucket: string): Observable<void> {
    return this.groups.get(bucket)?.end$ ?? NEVER;
  }

  stop(): void {
    this.timer?.unsubscribe();
  }

  private endIdleIn(ms: number): Subscription {
    return this.scheduler.schedule(() => {
      const now = this.scheduler.now();
      this.timer = undefined;
      for (const [bucket, group] of this.groups) {
        const leftMs = group.lastMs + this.idleMs - now;
        if (leftMs > 0) {
          this.timer = this.endIdleIn(leftMs);
          return;
        }
        this.end(bucket, group);
      }
    }, ms);
  }

  private endOldest(): void {
    const [oldest] = this.groups;
    if (oldest) this.end(...oldest);
  }

  private end(bucket: string, group: Group): void {
    this.groups.delete(bucket);
    if (group === this.newest) this.newest = undefined;
    group.end$.next();
  }
}

/**
 * One Observable a bucket, for as long as the bucket is in use.
 *
 *     source     a-b-a---------b-|
 *     idleMs     8
 *     a          a---a-------|
 *     b            b-------|
 *     b                        b-|
 *
 * A group completes `idleMs` after its last frames, or when it is idle longest and `maxBuckets` are open; the next frames of
 * that bucket open another. Clients choose the names, so without bounds groups would pile up for ever.
 *
 * @see rxjs groupBy, whose `duration` ends the groups
 */
export const groupByBucket =
  ({
    maxBuckets = 10_000,
    idleMs,
    scheduler = asyncScheduler,
  }: GroupByBucketOptions): OperatorFunction<Frames, GroupedObservable<string, Frames>> =>
  (source) =>
    defer(() => {
      const open = new OpenGroups(maxBuckets, idleMs, scheduler);
      return source.pipe(
        // Here and not behind groupBy, which goes on for the groups that are still listened to.
        finalize(() => open.stop()),
        groupBy(
          ({ bucket }) => {
            open.touch(bucket);
            return bucket;
          },
          { duration: ({ key }) => open.endOf(key) },
        ),
      );
    });
