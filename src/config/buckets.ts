import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as RA from 'fp-ts/ReadonlyArray';
import type { Problem } from '../model';
import { decodeWith } from '../sinks/codecs';
import { childPath, kindOf } from '../sinks/problems';
import { Bucket, DefaultBucket, Id, Stream, type ReplayMode } from './bucketsCodecs';
import { bucketsOf, definedStreams, repeatedIds, settingsOf, streamsOf, warningsOf } from './bucketsChecks';
import type { Environment } from './env';
import { interpolateDocument } from './interpolate';
import { parseJsonc } from './jsonc';
import type { OperatorConfig } from './operatorCodecs';
import type { Position } from './report';
import { secretsOf, showProblems, type Secrets } from './secrets';
import { AnyObject, valueOf } from './section';

/** A kind of sink with its settings, which the sink itself checks. */
export interface SinkConfig {
  readonly type: string;
  readonly settings: unknown;
}

/** A sink for when another fails. */
export interface BackupConfig extends SinkConfig {
  /** Whether what it took is sent on when the primary is back: beside what is live, or before it, in order. */
  readonly replay: ReplayMode;
  /** The share of the time that sending on takes, above 0, at most 1. */
  readonly replayRate: number;
}

/** Where messages go: a kind of sink with its settings, and another for when it fails. */
export interface StreamConfig {
  readonly id: string;
  /** The kind of sink: `kafka`, `file`. */
  readonly type: string;
  /** The share of messages that it gets, 0 to 1. */
  readonly slice: number;
  /** Checked by the sink. */
  readonly settings: unknown;
  /** What its messages pass before it gets them, in this order. Default: nothing. */
  readonly operators?: readonly OperatorConfig[];
  readonly backup?: BackupConfig;
  /** Where messages go that the sink never takes. */
  readonly deadLetter?: SinkConfig;
  /** The Kafka key of a message whose key has no bytes. */
  readonly emptyKey: 'empty' | 'null';
  /** After how long without an acknowledgement the backup takes over, and how often the primary is tried again. */
  readonly failover: { readonly afterMs: number; readonly retryMs: number };
}

/** What becomes of the messages of one bucket. */
export interface BucketConfig {
  readonly id: string;
  /** Ids of defined streams, each once, at least one. */
  readonly streams: readonly string[];
  /** Messages that close a batch. */
  readonly batch: number;
  readonly batchTimeoutMs: number;
  /** What its messages pass on their way into each stream, in this order. Default: nothing. */
  readonly operators?: readonly OperatorConfig[];
  /** What becomes of its messages while memory is full: clients wait, or they are dropped and counted. */
  readonly whenFull: 'block' | 'drop';
  /** `journal`: a message is on disk before it counts as accepted. */
  readonly durability: 'memory' | 'journal';
}

export interface Config {
  readonly streams: readonly StreamConfig[];
  readonly buckets: readonly BucketConfig[];
  /** Takes the messages whose bucket is not in `buckets`; without it they are refused. */
  readonly defaultBucket?: BucketConfig;
}

type Checked<A> = E.Either<readonly Problem[], A>;

const all = sequenceS(E.getApplicativeValidation(RA.getSemigroup<Problem>()));

const decodeStream = ([id, raw]: readonly [string, unknown]): Checked<StreamConfig> => {
  const path = childPath('streamsConfigs', id);
  return pipe(
    all({ id: decodeWith(Id)(id, `the id of ${path}`), stream: decodeWith(Stream)(raw, path) }),
    E.map(({ id: name, stream: { backup, deadLetter, operators, ...stream } }) => ({
      id: name,
      ...stream,
      ...(operators.length > 0 && { operators }),
      ...(backup && { backup }),
      ...(deadLetter && { deadLetter }),
    })),
  );
};

const decodeBucket =
  (codec: typeof Bucket, known: ReadonlySet<string>) =>
  (raw: unknown, path: string): Checked<BucketConfig> =>
    pipe(
      all({ bucket: decodeWith(codec)(raw, path), streams: definedStreams(raw, path, known) }),
      E.map(({ bucket: { batchTimeout, operators, ...bucket }, streams }) => ({
        ...bucket,
        ...(operators.length > 0 && { operators }),
        streams,
        batchTimeoutMs: batchTimeout,
      })),
    );

const rootProblems = (root: unknown): readonly Problem[] => {
  if (!AnyObject.is(root))
    return [{ path: '', expected: 'an object with streamsConfigs and buckets', got: kindOf(root, '') }];
  const streams = valueOf(root, 'streamsConfigs');
  const buckets = valueOf(root, 'buckets') ?? [];
  const empty = Array.isArray(buckets) && buckets.length === 0;
  const badBuckets = empty ? (valueOf(root, 'defaultBucket') ?? undefined) === undefined : !Array.isArray(buckets);
  return [
    ...(streamsOf(root).length === 0
      ? [{ path: 'streamsConfigs', expected: 'an object with at least one stream', got: emptyOr(streams) }]
      : []),
    ...(badBuckets
      ? [{ path: 'buckets', expected: 'a list of at least one bucket, or a defaultBucket', got: emptyOr(buckets) }]
      : []),
  ];
};

const emptyOr = (value: unknown): string =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0 ? 'none' : kindOf(value, '');

/** What `buckets.json` says, as far as it is right. */
export interface ReadBuckets {
  readonly config: Config;
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
  /** The variables that it names. */
  readonly variables: readonly string[];
  /** What is in it and must not be shown. */
  readonly secrets: Secrets;
  /** Makes problems that sinks find in `config` fit to be shown; those here are. */
  readonly show: (problems: readonly Problem[]) => readonly Problem[];
  /** The path of a bucket of `config`: others beside it may be wrong. */
  readonly pathOf: (bucket: BucketConfig) => string;
  /** Where in the text stands what the path of a problem names. */
  readonly positionOf: (path: string) => Position;
}

/**
 * Reads the text of `buckets.json`: JSON with comments and trailing commas, structural keys in any case, numbers also as text.
 * Strings of streams and operators may name `variables` (`${NAME}`). Problems are all there are, warnings what has no effect; neither shows what
 * a variable holds. What `settings` may hold is up to the sinks, which can check those of
 * the streams in `config` whatever is wrong beside them.
 */
export const decodeBuckets = (text: string, variables: Environment = {}): ReadBuckets =>
  pipe(
    parseJsonc(text),
    E.match(
      ({ line, column, ...problem }): ReadBuckets => ({
        config: { streams: [], buckets: [] },
        problems: [problem],
        warnings: [],
        variables: [],
        secrets: new Map(),
        show: (problems) => problems,
        pathOf: () => 'buckets',
        positionOf: () => ({ line, column }),
      }),
      ({ value: written, repeated, positionOf }): ReadBuckets => {
        const { value: root, places, problems: missing } = interpolateDocument(written, variables);
        const secrets = secretsOf(settingsOf(root), places, variables);
        const show = showProblems(places, missing, secrets);
        const known = new Set(streamsOf(root).map(([id]) => id));
        const streams = RA.separate(streamsOf(root).map(decodeStream));
        const paths = new Map<BucketConfig, string>();
        const placed = (codec: typeof Bucket, raw: unknown, path: string): Checked<BucketConfig> =>
          pipe(
            decodeBucket(codec, known)(raw, path),
            E.map((bucket) => {
              paths.set(bucket, path);
              return bucket;
            }),
          );
        const buckets = RA.separate(bucketsOf(root).map((raw, index) => placed(Bucket, raw, `buckets[${index}]`)));
        const rawDefault = valueOf(root, 'defaultBucket') ?? undefined;
        const defaults = RA.separate(
          rawDefault === undefined ? [] : [placed(DefaultBucket, rawDefault, 'defaultBucket')],
        );
        const [defaultBucket] = defaults.right;
        return {
          config: { streams: streams.right, buckets: buckets.right, ...(defaultBucket && { defaultBucket }) },
          problems: [
            ...missing,
            ...show([
              ...rootProblems(root),
              ...repeatedIds(root, repeated),
              ...[streams, buckets, defaults].flatMap(({ left }) => left.flat()),
            ]),
          ],
          warnings: show(warningsOf(root, repeated, known)),
          variables: places.flatMap(({ names }) => names),
          secrets,
          show,
          pathOf: (bucket) => paths.get(bucket) ?? 'buckets',
          positionOf,
        };
      },
    ),
  );
