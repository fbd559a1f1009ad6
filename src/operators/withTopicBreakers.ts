import { asyncScheduler, defer, finalize, map, type Observable } from 'rxjs';
import type { BreakerState, Health, Write } from '../model';
import { withBreaker, type BreakerOptions } from './withBreaker';

export interface TopicBreakersOptions extends Omit<
  BreakerOptions,
  'trouble$' | 'counts$' | 'probesInTrouble' | 'onState'
> {
  /** Of the sink that is written to; its latest state first. */
  readonly health$: Observable<Health>;
  readonly onState: (bucket: string, state: BreakerState) => void;
  /** A bucket for which nothing came for this long is forgotten when another one comes up. Default: 10 minutes. */
  readonly idleMs?: number;
  /** Buckets that are remembered; one more, and those that have nothing under way are forgotten. Default: 10,000. */
  readonly maxBuckets?: number;
}

interface Entry {
  readonly write: Write;
  /** Whether its breaker lets batches through. */
  closed: boolean;
  writes: number;
  /** When the last write ended. */
  usedMs: number;
}

const IDLE_MS = 600_000;
/** As many as are told apart before that: a client may make up any number of names. */
const MAX_BUCKETS = 10_000;

/**
 * A breaker for each bucket: one whose topic takes nothing goes its own way, and the others flow on.
 *
 *     a       a-a-a---------      a: no receipts
 *     b       b-b-b-b-b-b-b-
 *                               withTopicBreakers({ afterMs: 5 })
 *     result  b-b-(baaa)-b-b-   the a fail at 5 ms, those that follow at once
 *
 * Only a batch can tell that a topic takes messages again, so that its breaker probes whatever the sink's health says of it.
 * A breaker outlives its writes: to make one for every batch costs more than all else here.
 */
export const withTopicBreakers =
  ({ health$, onState, idleMs = IDLE_MS, maxBuckets = MAX_BUCKETS, ...options }: TopicBreakersOptions) =>
  (write: Write): Write => {
    const { scheduler = asyncScheduler } = options;
    const entries = new Map<string, Entry>();
    let lookedMs = scheduler.now();

    const entryOf = (bucket: string): Entry => {
      const there = entries.get(bucket);
      if (there) return there;
      const breaker = withBreaker({
        ...options,
        trouble$: health$.pipe(
          map((health) => (health.state === 'topicsDown' ? health.topics.get(bucket) : undefined)),
        ),
        // No topic is to blame while the whole sink is down.
        counts$: health$.pipe(map(({ state }) => state !== 'down')),
        probesInTrouble: true,
        onState: (state) => {
          entry.closed = state.state === 'closed';
          onState(bucket, state);
        },
      });
      forgetIdle();
      const entry: Entry = { write: breaker(write), closed: true, writes: 0, usedMs: 0 };
      entries.set(bucket, entry);
      return entry;
    };

    const forgetIdle = (): void => {
      const nowMs = scheduler.now();
      const isFull = entries.size >= maxBuckets;
      // The clock may have been put back.
      if (!isFull && Math.abs(nowMs - lookedMs) < idleMs) return;
      lookedMs = nowMs;
      for (const [bucket, { writes, usedMs, closed }] of entries) {
        if (writes > 0 || (!isFull && Math.abs(nowMs - usedMs) < idleMs)) continue;
        entries.delete(bucket);
        // Its next batch meets a new one.
        if (!closed) onState(bucket, { state: 'closed' });
      }
    };

    const release = (entry: Entry): void => {
      entry.writes -= 1;
      entry.usedMs = scheduler.now();
    };

    return (batch, giveUp$) =>
      defer(() => {
        const entry = entryOf(batch.bucket);
        entry.writes += 1;
        return entry.write(batch, giveUp$).pipe(finalize(() => release(entry)));
      });
  };
