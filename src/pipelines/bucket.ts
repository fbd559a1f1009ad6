import { defer, tap, type Observable, type OperatorFunction } from 'rxjs';
import type { BatchLimits, Close, Deliver, Env, Frames, Settled } from '../model';
import { batch } from '../operators/batch';
import { deliver } from '../operators/deliver';
import { fanOut } from '../operators/fanOut';

/** Where the messages of a bucket go, and how they are batched on the way. */
export interface Route {
  readonly limits: BatchLimits;
  readonly streams: readonly { readonly id: string; readonly deliver: Deliver }[];
}

/**
 * The way of one bucket: its runs are booked as received, batched, and delivered to all of its streams.
 *
 *     source    -a-b-----|         runs of one bucket
 *     result    -----(ab)|         settled batches
 */
export const bucketPipeline =
  (
    bucket: string,
    { limits, streams }: Route,
    close$: Observable<Close>,
    { ledger, scheduler, unsettled }: Pick<Env, 'ledger' | 'scheduler' | 'unsettled'>,
  ): OperatorFunction<Frames, Settled> =>
  (frames$) =>
    defer(() => {
      const received = ledger.received(
        bucket,
        streams.map(({ id }) => id),
      );
      return frames$.pipe(
        tap(({ count }) => received(count)),
        batch(limits, close$, scheduler, (frames) => unsettled.gathering(frames)),
        deliver(fanOut(streams.map((stream) => stream.deliver))),
      );
    });
