import type { Env } from '../../model';
import type { NamedOperator } from '../../operators/runOperators';
import { messageOf } from '../../wire/systemErrors';
import type { PlannedOperator } from '../checkParts';

/**
 * Opens operators, for one way into the stream whose environment this is.
 *
 * @throws an error that names the module which does not open
 */
export const openOperators = (
  operators: readonly PlannedOperator[],
  { name, now, random, log }: Env,
): readonly NamedOperator[] =>
  operators.map(({ module, open }) => {
    try {
      const apply: unknown = open({ name, now, random, log });
      if (typeof apply !== 'function') throw new TypeError(`open: expected a function, got ${typeof apply}`);
      return { name: module, apply: apply as NamedOperator['apply'] };
    } catch (error) {
      throw new Error(`${module}: ${messageOf(error)}`, { cause: error });
    }
  });
