import { isLeft, left } from 'fp-ts/Either';
import type { Rest } from '../model';
import type { Fate } from './inTurn';
import type { Part } from './parts';

/** Writes a part, and says what became of it. */
export type WritePart<A> = (part: Part<A>) => Promise<readonly Fate[]>;

/**
 * Writes one part after the other, and says what became of each. Behind a failure that may pass nothing more is written: it would overtake.
 *
 *     1    --taken
 *     2           --poison
 *     3                   --unavailable
 *     4                                unavailable, surely not there: it is not tried
 *
 * @param write fails with nothing: what it rejects with is what this rejects with
 */
export const oneByOne = async <A>(parts: readonly Part<A>[], write: WritePart<A>): Promise<readonly Fate[]> => {
  const fates: Fate[] = [];
  let stop: Rest | undefined;
  for (const part of parts) {
    const told: readonly Fate[] = stop ? [left({ ...stop, batch: part.batch, written: 'no' })] : await write(part);
    stop ??= told.filter(isLeft).find(({ left: { cause } }) => cause.kind !== 'poison')?.left;
    fates.push(...told);
  }
  return fates;
};
