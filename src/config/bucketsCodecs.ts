import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import {
  about,
  anyOfWords,
  BooleanFrom,
  durationIn,
  integerIn,
  maybe,
  NonEmptyString,
  numberIn,
  oneOf,
  scalar,
  withDefault,
} from '../sinks/codecs';
import { AnyObject, section } from './section';
import { OPERATOR_KEYS, Operators } from './operatorCodecs';

const MAX_INT32 = 2_147_483_647;
const DAY_MS = 86_400_000;
const MAX_ID_BYTES = 255;

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_ID_BYTES;

/** The name of a stream or bucket: what fits the one length byte of a frame. */
export const Id = scalar(`a string of 1 to ${MAX_ID_BYTES} bytes`, isId, (input) => (isId(input) ? input : undefined), {
  type: 'string',
  minLength: 1,
  maxLength: MAX_ID_BYTES,
});

const Failover = section({
  afterMs: about(
    withDefault(durationIn(1, DAY_MS), 10_000),
    'the backup takes over when nothing has been acknowledged for so long while messages wait (a stream that cannot be reached at all: after 2 s)',
  ),
  retryMs: about(withDefault(durationIn(1, DAY_MS), 10_000), 'so often the stream itself is tried again'),
});

/** Whether a backup is sent on to the primary, and whether in its order. */
export type ReplayMode = boolean | 'ordered';

const isReplayMode = (value: unknown): value is ReplayMode => typeof value === 'boolean' || value === 'ordered';

const ReplayMode = scalar<ReplayMode>(
  'true, false or "ordered"',
  isReplayMode,
  (input) =>
    typeof input === 'string' && input.trim().toLowerCase() === 'ordered'
      ? 'ordered'
      : E.toUnion(E.mapLeft(() => undefined)(BooleanFrom.decode(input))),
  {
    anyOf: [
      ...(BooleanFrom.schema.anyOf ?? []),
      { enum: ['ordered'] },
      { type: 'string', pattern: anyOfWords(['ordered']) },
    ],
  },
);

const sinkProps = {
  type: about(
    NonEmptyString,
    'the kind of sink, or the path of a module that makes one (`./webhook.js`, from the folder of `buckets.json`)',
  ),
  settings: about(withDefault(AnyObject, {}), 'settings of the sink, each kind has its own'),
};

const Sink = section(sinkProps);

const Backup = section({
  ...sinkProps,
  replay: about(
    withDefault<ReplayMode>(ReplayMode, false),
    'whether what the backup has taken is [sent on](replay.md) when the stream works again: beside what is live, or before it, so that the order of each bucket holds. For a backup of the type `file`; `"ordered"` with `{bucket}` in its `fileNameTemplate`',
  ),
  replayRate: about(
    withDefault(numberIn(0.01, 1), 0.25),
    'with `replay: true`: the share of the time that sending on takes, the rest is left to what is live',
  ),
});

export const Stream = section({
  type: sinkProps.type,
  slice: about(
    withDefault(numberIn(0, 1), 1),
    'share of the messages that the stream gets, drawn for each message; the rest counts as sampled out',
  ),
  settings: sinkProps.settings,
  operators: about(
    withDefault(Operators, []),
    'modules that each message passes on its way into this stream, in their order, behind those of its bucket ([operators of your own](writing-an-operator.md)): paths (`./mask.js`, from the folder of `buckets.json`), or objects with `module` and `settings`',
  ),
  backup: about(
    maybe(Backup),
    'takes the messages while the stream itself fails; any type, Kafka too. Without one they wait',
  ),
  deadLetter: about(
    maybe(Sink),
    'takes the messages that the stream never takes. Without it they go to a file beside a file backup, or are dropped and counted',
  ),
  emptyKey: about(
    withDefault<'empty' | 'null'>(oneOf(['empty', 'null']), 'empty'),
    'what Kafka gets as the key of a message whose key has no bytes, where the frame cannot tell that from no key (protocol version 1): an empty key, or none',
  ),
  failover: about(
    withDefault(Failover, { afterMs: 10_000, retryMs: 10_000 }),
    'when the backup takes over, and how often the stream itself is tried again',
  ),
});

const bucketProps = {
  streams: about(
    t.array(Id, 'a list of stream ids'),
    'at least one that is defined; every one of them gets every message (but for its `slice`)',
  ),
  batch: about(withDefault(integerIn(1, MAX_INT32), 10_000), 'messages that close a batch'),
  batchTimeout: about(withDefault(durationIn(0, MAX_INT32), 1_000), 'closes a batch so long after its first message'),
  operators: about(
    withDefault(Operators, []),
    'modules that each of its messages passes on the way into each stream, in their order ([operators of your own](writing-an-operator.md)): paths (`./mask.js`, from the folder of `buckets.json`), or objects with `module` and `settings`',
  ),
  whenFull: about(
    withDefault<'block' | 'drop'>(oneOf(['block', 'drop']), 'block'),
    'while memory is full: its clients wait, or [its messages are dropped and counted](memory.md#whenfull) and its clients never wait',
  ),
  durability: about(
    withDefault<'memory' | 'journal'>(oneOf(['memory', 'journal']), 'memory'),
    '`journal`: a message is on disk before it counts as received, and outlives a kill ([the journal](journal.md))',
  ),
};

export const Bucket = section({
  id: about(Id, 'topic in Kafka, `{bucket}` in file names; each once'),
  ...bucketProps,
});

export const DefaultBucket = section({
  id: about(withDefault(Id, 'default'), 'means nothing, since a message keeps the bucket it names'),
  ...bucketProps,
});

/** All of `buckets.json`. Its parts are decoded one by one, so that what is wrong in one hides nothing in another. */
export const Root = section({
  streamsConfigs: about(
    t.record(Id, Stream, 'an object of streams'),
    'where messages go: streams by their ids, at least one',
  ),
  buckets: about(
    maybe(t.array(Bucket, 'a list of buckets')),
    'which messages go there: a message names its bucket. Where there is a `defaultBucket` there may be none',
  ),
  defaultBucket: about(
    maybe(DefaultBucket),
    'takes the messages whose bucket is not in `buckets`, under the name that they carry. Without it they are refused, counted and logged',
  ),
});

/** The keys of each kind of section. */
export const KEYS = {
  root: Root.keys,
  stream: Stream.keys,
  backup: Backup.keys,
  deadLetter: Sink.keys,
  failover: Failover.keys,
  bucket: Bucket.keys,
  operator: OPERATOR_KEYS,
};
