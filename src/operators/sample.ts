import { map } from 'rxjs';
import type { Deliver } from '../model';
import { keepMessages } from './keepMessages';

/**
 * Delivers each message with the probability `slice` (0 to 1) and counts the others as sampled out. It stands outermost,
 * so that a stream's backup gets the same sample.
 *
 * @param random at least 0, below 1
 */
export const sample =
  (slice: number, random: () => number) =>
  (deliver: Deliver): Deliver =>
    slice >= 1
      ? deliver
      : (batch) => {
          const kept = keepMessages(batch, () => random() < slice);
          return deliver(kept).pipe(map((outcome) => ({ ...outcome, batch, sampledOut: batch.count - kept.count })));
        };
