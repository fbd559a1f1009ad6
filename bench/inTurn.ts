import { firstLineOf } from './command';

/** What was measured of one, and why no more of it was. */
export interface Measured<A, R> {
  readonly one: A;
  readonly runs: readonly R[];
  readonly missing: string | undefined;
}

/**
 * Measures each of `all` so many times: every one in turn, again and again, so that what else the machine does falls on all of them. One
 * that fails is measured no more; the others go on.
 *
 * @param missing why one cannot be measured at all
 */
export const inTurn = async <A, R>(
  all: readonly A[],
  times: number,
  measure: (one: A) => Promise<R>,
  missing: (one: A) => string | undefined = () => undefined,
): Promise<readonly Measured<A, R>[]> => {
  const measured = all.map((one) => ({ one, runs: [] as R[], missing: missing(one) }));
  for (let run = 0; run < times; run += 1)
    for (const each of measured) {
      if (each.missing !== undefined) continue;
      try {
        each.runs.push(await measure(each.one));
      } catch (error) {
        each.missing = `failed: ${firstLineOf(error)}`;
      }
    }
  return measured;
};
