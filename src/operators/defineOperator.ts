import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { MADE, type Decode, type MessageOperator, type OperatorEnv, type OperatorKind } from '../model';

/** What makes an operator out of settings of the type `S`. */
export interface OperatorDefinition<S> {
  /** Checks the settings without acting, all problems at once. Default: they are any object, and `open` looks at them. */
  readonly decode?: Decode<S>;
  /** Called once for each stream, or for each pair of a bucket and its stream: what it keeps is of that alone. */
  readonly open: (settings: S, env: OperatorEnv) => MessageOperator;
}

/**
 * Makes a kind of operator, for a module that `operators` of `buckets.json` names: settings are checked first.
 *
 * ```ts
 * const decode = decodeWith(t.type({ field: NonEmptyString }));
 *
 * export default defineOperator({
 *   decode,
 *   open: ({ field }) => (message) => masked(message, field),
 * });
 * ```
 */
export const defineOperator = <S = unknown>({ decode, open }: OperatorDefinition<S>): OperatorKind => {
  const kind: OperatorKind = (raw, path) =>
    pipe(
      // Without `decode` what they are is up to `open`.
      decode ? decode(raw, path) : E.right(raw as S),
      E.map((settings) => ({ open: (env: OperatorEnv) => open(settings, env) })),
    );
  return Object.assign(kind, { schema: decode?.schema, [MADE]: 'operator' });
};
