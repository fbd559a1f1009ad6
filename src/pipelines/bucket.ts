import { defer, finalize, identity, map, pipe, tap, type Observable, type OperatorFunction } from 'rxjs';
import type { BatchLimits, Close, Deliver, Env, Frames, Settled, StreamOptions, Unsettled } from '../model';
import { batch } from '../operators/batch';
import { BatchMemory, KeptRuns } from '../operators/batchMemory';
import { deliver } from '../operators/deliver';
import { fanOut } from '../operators/fanOut';
import { overhead } from '../operators/footprint';
import { journal, wasLost, type Journal } from './journal';

/** Where the messages of a bucket go, and how they are batched on the way. */
export interface Route {
  readonly limits: BatchLimits;
  readonly streams: readonly { readonly id: string; readonly deliver: Deliver; readonly hasBackup?: boolean }[];
  /** Its messages may come from now on; returns how to say that no more come. Default: nobody asks. */
  readonly join?: () => () => void;
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

const nobodyAsks = (): (() => void) => () => undefined;

/** What lies in a file already is not shown: it would come back twice. */
const withoutRecovered =
  (gathering: Unsettled['gathering']): Unsettled['gathering'] =>
  (frames) =>
    gathering(() => frames().filter(({ origin }) => !origin.recovered));

/** Messages that came within this time of each other may be said to have come together. */
const MOST_SAME_TIME_MS = 100;

/** A tenth of the time that the bucket's messages wait for each other anyway. */
const sameTimeMs = ({ ms }: BatchLimits): number => Math.min(ms / 10, MOST_SAME_TIME_MS);

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
    { limits, streams, journaled = false, emptyKey, join = nobodyAsks }: Route,
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
      const memory = journaled ? new KeptRuns() : new BatchMemory(blocks, sameTimeMs(limits));
      return frames$.pipe(
        journaled
          ? pipe(
              // The journal knows runs by their objects, and may write them to another segment at any time: their memory is their own.
              map((run) => ({ ...run, bytes: Buffer.from(run.bytes) })),
              journal((runs) => segments.append(runs, emptyKey), gathering),
            )
          : identity,
        // One operator, since what a run costs with many buckets is the way from one to the next.
        batch(limits, close$, {
          scheduler,
          gathering: journaled ? undefined : gathering,
          memory,
          taken: ({ count, origin }) => {
            if (origin.recovered) ledger.recovered(bucket, ids)(count);
            else received(count);
            weight.open(memory);
          },
        }),
        finalize(join()),
        deliver((closed) => {
          weight.batch();
          return toAll(closed);
        }),
        tap((settled) => {
          weight.settled(settled.batch);
          if (journaled) segments.settled(settled.batch.frames, wasLost(settled));
        }),
      );
    });
