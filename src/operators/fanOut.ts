import { forkJoin, map, of, type Observable } from 'rxjs';
import type { Batch, Deliver, Settled } from '../model';

/**
 * Hands a batch to every stream at once and joins their outcomes: one {@link Settled} after the slowest.
 *
 *     first     ---a|
 *     second    -----b|
 *                        fanOut([first, second])
 *     result    ------(s|)     s = { batch, outcomes: [a, b] }
 */
export const fanOut =
  (delivers: readonly Deliver[]) =>
  (batch: Batch): Observable<Settled> =>
    delivers.length === 0
      ? of({ batch, outcomes: [] })
      : forkJoin(delivers.map((deliver) => deliver(batch))).pipe(map((outcomes) => ({ batch, outcomes })));
