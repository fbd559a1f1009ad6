import { mergeMap, type Observable, type OperatorFunction } from 'rxjs';
import type { Batch, Settled } from '../model';

/**
 * Starts the delivery of every batch as it comes, in order, and waits for none: a slow batch holds up nobody, since
 * credit bounds what is held and each sink keeps its own order.
 *
 *     source    -a-b-|
 *                        deliver(settleAfter3ms)
 *     result    ----a-(b|)
 */
export const deliver = (toAll: (batch: Batch) => Observable<Settled>): OperatorFunction<Batch, Settled> =>
  mergeMap(toAll);
