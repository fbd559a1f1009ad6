import { map } from 'rxjs';
import type { Batch, Deliver, Frames } from '../model';
import { MessageCursor } from '../wire/messageCursor';

/** The messages of a run that chance keeps, copied: a few must not pin the many they came with. */
const keep = (run: Frames, slice: number, random: () => number): Frames => {
  const cursor = new MessageCursor(run.bytes);
  const kept: Buffer[] = [];
  while (cursor.next()) if (random() < slice) kept.push(run.bytes.subarray(cursor.start, cursor.end));
  return { ...run, bytes: Buffer.concat(kept), count: kept.length };
};

const sampled = (batch: Batch, slice: number, random: () => number): Batch => {
  const frames = batch.frames.map((run) => keep(run, slice, random)).filter(({ count }) => count > 0);
  return {
    ...batch,
    frames,
    count: frames.reduce((sum, { count }) => sum + count, 0),
    bytes: frames.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
};

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
          const kept = sampled(batch, slice, random);
          return deliver(kept).pipe(map((outcome) => ({ ...outcome, batch, sampledOut: batch.count - kept.count })));
        };
