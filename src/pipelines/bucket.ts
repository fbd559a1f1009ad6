import { defer, identity, map, pipe, tap, type Observable, type OperatorFunction } from 'rxjs';
import type { BatchLimits, Close, Deliver, Env, Frames, Settled, StreamOptions, Unsettled } from '../model';
import { batch } from '../operators/batch';
import { BatchMemory } from '../operators/batchMemory';
import { unshared } from '../operators/blocks';
import { deliver } from '../operators/deliver';
import { fanOut } from '../operators/fanOut';
import { overhead } from '../operators/footprint';
import { journal, wasLost, type Journal } from './journal';

/** Where the messages of a bucket go, and how they are batched on the way. */
export interface Route {
  readonly limits: BatchLimits;
  readonly streams: readonly { readonly id: string; readonly deliver: Deliver; readonly hasBackup?: boolean }[];
  /** Whether its messages are dropped while memory is full. Default: their clients wait. */
  readonly dropsWhenFull?: boolean;
  /** Whether a message is on disk before it counts as received. Default: no. */
  readonly journaled?: boolean;
  /** What a key of length 0 becomes on disk, which is to be for its streams what it is now. Default: it stays empty. */
  readonly emptyKey?: StreamOptions['emptyKey'];
}

export interface BucketParts extends Pick<Env, 'blocks' | 'held' | 'ledger' | 'scheduler' | 'unsettled'> {
  /** What journaled buckets write to. */
  readonly segments: Journal;
}

/** What lies in a file already is not shown: it would come back twice. */
const withoutRecovered =
  (gathering: Unsettled['gathering']): Unsettled['gathering'] =>
  (frames) =>
    gathering(() => frames().filter(({ origin }) => !origin.recovered));

/**
 * The way of one bucket: its runs are written ahead where it is journaled, booked as received, batched, and delivered to all of its
 * streams.
 *
 *     source    -a-b-----|         runs of one bucket
 *     result    -----(ab)|         settled batches
 */
export const bucketPipeline =
  (
    bucket: string,
    { limits, streams, journaled = false, emptyKey }: Route,
    close$: Observable<Close>,
    { blocks, held, ledger, scheduler, segments, unsettled }: BucketParts,
  ): OperatorFunction<Frames, Settled> =>
  (frames$) =>
    defer(() => {
      const ids = streams.map(({ id }) => id);
      const received = ledger.received(bucket, ids);
      const weight = overhead(held, streams);
      const toAll = fanOut(streams.map((stream) => stream.deliver));
      const gathering = withoutRecovered((frames) => unsettled.gathering(frames));
      // A run that is being written ahead belongs to no batch yet.
      const memory = new BatchMemory(journaled ? unshared : blocks);
      const keep = map((run: Frames) => memory.keep(run));
      return frames$.pipe(
        journaled
          ? pipe(
              keep,
              journal((runs) => segments.append(runs, emptyKey), gathering),
            )
          : identity,
        tap(({ count, origin }) => {
          weight.run();
          if (origin.recovered) ledger.recovered(bucket, ids)(count);
          else received(count);
        }),
        // Just before it is in the batch: what is charged may close the one before it.
        journaled ? identity : keep,
        batch(limits, close$, scheduler, journaled ? undefined : gathering),
        deliver((closed) => {
          weight.batch();
          const inBlocks = memory.close();
          // What lies in the journal may be written to another segment at any time.
          return journaled ? toAll(closed) : toAll(closed).pipe(map((settled) => ({ ...settled, blocks: inBlocks })));
        }),
        tap((settled) => {
          weight.settled(settled.batch);
          if (journaled) segments.settled(settled.batch.frames, wasLost(settled));
        }),
      );
    });
