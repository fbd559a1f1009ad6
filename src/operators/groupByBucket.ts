import {
  asyncScheduler,
  type GroupedObservable,
  NEVER,
  Observable,
  type OperatorFunction,
  type SchedulerLike,
  Subject,
  type Subscription,
} from 'rxjs';
import type { Frames } from '../model';

export interface GroupByBucketOptions {
  /** Groups open at once; at the bound the one idle longest ends. Default 10,000. */
  readonly maxBuckets?: number;
  /** A group ends when nothing came for this long. */
  readonly idleMs: number;
  /** Each emission ends the open groups of the buckets that it picks. Default: never. */
  readonly end$?: Observable<(bucket: string) => boolean>;
  /** Default: `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
}

/** Groups that were in use within this part of the idle time of each other count as equally idle: to put one behind the others costs. */
const EQUALLY_IDLE = 1 / 1024;

class Group extends Subject<Frames> {
  lastMs = 0;
  /** When it was put behind the others. */
  movedMs = 0;

  constructor(readonly key: string) {
    super();
  }
}

/** The open groups, the one idle longest first, about. One timer serves all; touching one costs no more than its place in a Map. */
class OpenGroups {
  private readonly groups = new Map<string, Group>();
  private timer: Subscription | undefined;

  constructor(
    private readonly maxBuckets: number,
    private readonly idleMs: number,
    private readonly scheduler: SchedulerLike,
    private readonly opened: (group: Group) => void,
  ) {}

  /** The group of the bucket, which is in use now. */
  touch(bucket: string): Group {
    this.timer ??= this.endIdleIn(this.idleMs);
    const group = this.groups.get(bucket) ?? this.open(bucket);
    group.lastMs = this.scheduler.now();
    if (group.lastMs - group.movedMs > this.idleMs * EQUALLY_IDLE) {
      this.groups.delete(bucket);
      this.groups.set(bucket, group);
      group.movedMs = group.lastMs;
    }
    return group;
  }

  endThose(picked: (bucket: string) => boolean): void {
    for (const group of [...this.groups.values()]) if (picked(group.key)) this.end(group);
  }

  tell(say: (group: Group) => void): void {
    this.groups.forEach(say);
  }

  stop(): void {
    this.timer?.unsubscribe();
    this.groups.clear();
  }

  private open(bucket: string): Group {
    if (this.groups.size >= this.maxBuckets) this.endOldest();
    const group = new Group(bucket);
    group.movedMs = this.scheduler.now();
    this.groups.set(bucket, group);
    this.opened(group);
    return group;
  }

  private endIdleIn(ms: number): Subscription {
    return this.scheduler.schedule(() => {
      const now = this.scheduler.now();
      this.timer = undefined;
      for (const group of this.groups.values()) {
        const leftMs = group.lastMs + this.idleMs - now;
        if (leftMs > 0) {
          this.timer = this.endIdleIn(leftMs);
          return;
        }
        this.end(group);
      }
    }, ms);
  }

  private endOldest(): void {
    const [oldest] = this.groups.values();
    if (oldest) this.end(oldest);
  }

  private end(group: Group): void {
    this.groups.delete(group.key);
    group.complete();
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
 * A group completes `idleMs` after its last frames, or when it is idle longest (to a thousandth of `idleMs`) and `maxBuckets`
 * are open; the next frames of that bucket open another. Clients choose the names, so without bounds groups would pile up for
 * ever. Who leaves the groups leaves the source: the groups say nothing more.
 *
 * rxjs's `groupBy` with a `duration` does the same, at a subscription more for each group, which costs the more to end the more there
 * are (docs/decisions/0009).
 */
export const groupByBucket =
  ({
    maxBuckets = 10_000,
    idleMs,
    end$ = NEVER,
    scheduler = asyncScheduler,
  }: GroupByBucketOptions): OperatorFunction<Frames, GroupedObservable<string, Frames>> =>
  (source) =>
    new Observable((destination) => {
      const groups = new OpenGroups(maxBuckets, idleMs, scheduler, (group) => destination.next(group));
      destination.add(() => groups.stop());
      destination.add(end$.subscribe((picked) => groups.endThose(picked)));
      destination.add(
        source.subscribe({
          next: (frames) => groups.touch(frames.bucket).next(frames),
          error: (error: unknown) => {
            groups.tell((group) => group.error(error));
            destination.error(error);
          },
          complete: () => {
            groups.tell((group) => group.complete());
            destination.complete();
          },
        }),
      );
    });
