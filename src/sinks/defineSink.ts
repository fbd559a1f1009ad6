import { pipe } from 'fp-ts/function';
import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import {
  MADE,
  type BatchLimits,
  type CheckedSink,
  type Decode,
  type Env,
  type Finding,
  type OpenError,
  type Probe,
  type Problem,
  type Share,
  type Sink,
  type SinkKind,
  type StreamOptions,
} from '../model';

/** What makes a kind of sink out of settings of the type `S`. */
export interface SinkDefinition<S> {
  /**
   * Checks the settings without acting, all problems at once. {@link decodeWith} makes it of an io-ts codec, which also tells
   * editors what the settings may be.
   */
  readonly decode: Decode<S>;
  /** What is allowed and yet not what the user may think. Default: nothing. */
  readonly warnings?: (settings: S, path: string) => readonly Problem[];
  /** Tightens the batches of the buckets that feed it. Default: it takes them as they come. */
  readonly limits?: (settings: S) => Partial<BatchLimits>;
  /** After this many milliseconds a message that has no backup is given up. Default: never. */
  readonly deadlineMs?: (settings: S) => number | undefined;
  /** Names of what it alone may hold (a folder and template, say). Default: nothing. */
  readonly claims?: (settings: S) => readonly string[];
  /** What it may hold. Default: what the process may hold bounds all streams together. */
  readonly share?: (settings: S) => Share | undefined;
  /** Settings of a sink of this kind beside it, for what no sink takes. Default: there is none. */
  readonly deadLetters?: (settings: S) => S | undefined;
  /** Whether what it wrote can be sent on later, and whether each file is of one bucket. Default: it cannot. */
  readonly replayable?: (settings: S) => CheckedSink['replayable'];
  /** What it is and where it writes, for people; never a secret. Default: the name of its kind says it. */
  readonly where?: (settings: S) => string;
  /** Looks whether it could write, as {@link Probe}. Default: only a message can tell. */
  readonly probe?: (settings: S, env: Env, options: Parameters<Probe>[1]) => Promise<readonly Finding[]>;
  readonly open: (settings: S, env: Env, options: StreamOptions) => TaskEither<OpenError, Sink>;
}

/**
 * Makes a kind of sink for the registry: settings are checked first and only then can it be opened.
 *
 * ```ts
 * // A name of its own: TypeScript infers no settings of a call that stands inside of another.
 * const decode = decodeWith(t.type({ path: NonEmptyString, sizeRotate: withDefault(sizeIn(1), 100 * MB) }));
 *
 * export const file = defineSink({
 *   decode,
 *   claims: ({ path }) => [path],
 *   open: ({ path }, env) => TE.tryCatch(() => openFolder(path, env), toOpenError(env.name)),
 * });
 * ```
 */
export const defineSink = <S>(definition: SinkDefinition<S>): SinkKind => {
  const kind: SinkKind = (raw, path) =>
    pipe(
      definition.decode(raw, path),
      E.map((settings) => {
        const beside = definition.deadLetters?.(settings);
        return {
          ...checked(definition, settings, path),
          ...(beside !== undefined && { deadLetters: checked(definition, beside, path) }),
        };
      }),
    );
  return Object.assign(kind, { schema: definition.decode.schema, [MADE]: 'sink' });
};

const checked = <S>(
  { warnings, limits, deadlineMs, claims, share, replayable, where, probe, open }: SinkDefinition<S>,
  settings: S,
  path: string,
): CheckedSink => ({
  warnings: warnings?.(settings, path) ?? [],
  limits: limits?.(settings) ?? {},
  deadlineMs: deadlineMs?.(settings),
  claims: claims?.(settings) ?? [],
  share: share?.(settings),
  replayable: replayable?.(settings),
  where: where?.(settings),
  probe: probe && ((env, options) => probe(settings, env, options)),
  open: (env, options) => open(settings, env, options),
});
