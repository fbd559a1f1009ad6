/** What a stream or bucket names: looked up, and its settings checked. */
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import type { SinkConfig } from '../config/buckets';
import type { OperatorConfig } from '../config/operatorCodecs';
import type { CheckedOperator, CheckedSink, Problem, SinkKind } from '../model';
import type { Loaded, Modules } from './modules';

/** What a `type`, or the path of a module, may stand for. */
export interface Kinds {
  readonly sinks: Readonly<Record<string, SinkKind>>;
  readonly modules: Modules;
}

/** An operator whose settings passed their check. */
export interface PlannedOperator extends CheckedOperator {
  /** Its path, as it is configured. */
  readonly module: string;
  readonly warnings: readonly Problem[];
}

type Checked<A> = E.Either<readonly Problem[], A>;

export const allProblems = E.getApplicativeValidation(RA.getSemigroup<Problem>());

const OPERATOR =
  'a module with an operator: (message, env) => message, or { open: (settings, env) => (message) => message }';
const SINK = 'a module with a sink: what defineSink makes';

const staleness = ({ isStale }: Loaded<unknown>, path: string): readonly Problem[] =>
  isStale
    ? [{ path, expected: 'the file that was loaded', got: 'a changed one: it counts from the next start on' }]
    : [];

const checkSink =
  ({ sinks, modules }: Kinds) =>
  ({ type, settings }: SinkConfig, path: string): Checked<CheckedSink> => {
    const at = `${path}.type`;
    const kind = Object.hasOwn(sinks, type) ? sinks[type] : undefined;
    if (kind) return kind(settings, `${path}.settings`);
    const loaded = modules.sink(type);
    if (!loaded)
      return E.left([{ path: at, expected: `one of ${Object.keys(sinks).join(', ')}`, got: JSON.stringify(type) }]);
    return pipe(
      loaded,
      E.mapLeft((got) => [{ path: at, expected: SINK, got }]),
      E.chain((found) =>
        pipe(
          found.kind(settings, `${path}.settings`),
          E.map((sink) => ({ ...sink, warnings: [...staleness(found, at), ...sink.warnings] })),
        ),
      ),
    );
  };

const checkOperators =
  ({ modules }: Kinds) =>
  (operators: readonly OperatorConfig[] | undefined = [], path: string): Checked<readonly PlannedOperator[]> =>
    pipe(
      operators,
      RA.traverseWithIndex(allProblems)((index, { module, settings }) => {
        const at = `${path}.operators[${index}]`;
        return pipe(
          modules.operator(module),
          E.mapLeft((got): readonly Problem[] => [{ path: at, expected: OPERATOR, got }]),
          E.chain((found) =>
            pipe(
              found.kind(settings, `${at}.settings`),
              E.map(({ open }): PlannedOperator => ({ module, open, warnings: staleness(found, at) })),
            ),
          ),
        );
      }),
    );

/** Checks that act on nothing; `path` is where their subject stands. All problems at once. */
export const checksOf = (kinds: Kinds) => ({ sink: checkSink(kinds), operators: checkOperators(kinds) });
