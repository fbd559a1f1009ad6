import { isLeft } from 'fp-ts/Either';
import type { Fate } from './inTurn';
import { oneByOne, type WritePart } from './oneByOne';
import { cut } from './parts';

const isAllPoison = ([first, ...others]: readonly Fate[]): boolean =>
  first !== undefined && others.length === 0 && isLeft(first) && first.left.cause.kind === 'poison';

/**
 * Writes a part, and what is refused as poison as a whole in halves, one after the other, until the messages that are meant stand alone.
 *
 *     1 2 3 4    --poison
 *     1 2                --taken
 *     3 4                       --poison
 *     3                                 --taken
 *     4                                        --poison
 *
 * @param write fails with nothing: what it rejects with is what this rejects with
 */
export const halvePoison = <A>(write: WritePart<A>): WritePart<A> => {
  const halved: WritePart<A> = async (part) => {
    const fates = await write(part);
    const { length } = part.messages;
    return length > 1 && isAllPoison(fates) ? oneByOne(cut(part, Math.ceil(length / 2)), halved) : fates;
  };
  return halved;
};
