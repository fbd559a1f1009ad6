import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import {
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

const MAX_INT32 = 2_147_483_647;
const DAY_MS = 86_400_000;
const MAX_ID_BYTES = 255;

const isId = (value: unknown): value is string =>
  typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= MAX_ID_BYTES;

/** The name of a stream or bucket: what fits the one length byte of a frame. */
export const Id = scalar(`a string of 1 to ${MAX_ID_BYTES} bytes`, isId, (input) => (isId(input) ? input : undefined));

const Failover = section({
  afterMs: withDefault(durationIn(1, DAY_MS), 10_000),
  retryMs: withDefault(durationIn(1, DAY_MS), 10_000),
});

/** Whether a backup is sent on to the primary, and whether in its order. */
export type ReplayMode = boolean | 'ordered';

const isReplayMode = (value: unknown): value is ReplayMode => typeof value === 'boolean' || value === 'ordered';

const ReplayMode = scalar<ReplayMode>('true, false or "ordered"', isReplayMode, (input) =>
  typeof input === 'string' && input.trim().toLowerCase() === 'ordered'
    ? 'ordered'
    : E.toUnion(E.mapLeft(() => undefined)(BooleanFrom.decode(input))),
);

const sinkProps = { type: NonEmptyString, settings: withDefault(AnyObject, {}) };

const Sink = section(sinkProps);

const Backup = section({
  ...sinkProps,
  replay: withDefault<ReplayMode>(ReplayMode, false),
  replayRate: withDefault(numberIn(0.01, 1), 0.25),
});

export const Stream = section({
  type: NonEmptyString,
  slice: withDefault(numberIn(0, 1), 1),
  settings: withDefault(AnyObject, {}),
  backup: maybe(Backup),
  deadLetter: maybe(Sink),
  emptyKey: withDefault<'empty' | 'null'>(oneOf(['empty', 'null']), 'empty'),
  failover: withDefault(Failover, { afterMs: 10_000, retryMs: 10_000 }),
});

const bucketProps = {
  streams: t.array(Id, 'a list of stream ids'),
  batch: withDefault(integerIn(1, MAX_INT32), 10_000),
  batchTimeout: withDefault(durationIn(0, MAX_INT32), 1_000),
  whenFull: withDefault<'block' | 'drop'>(oneOf(['block', 'drop']), 'block'),
  durability: withDefault<'memory' | 'journal'>(oneOf(['memory', 'journal']), 'memory'),
};

export const Bucket = section({ id: Id, ...bucketProps });

/** Its id means nothing, since a message keeps the bucket it names. */
export const DefaultBucket = section({ id: withDefault(Id, 'default'), ...bucketProps });

/** The keys of each kind of section. */
export const KEYS = {
  root: ['streamsConfigs', 'buckets', 'defaultBucket'],
  stream: Stream.keys,
  backup: Backup.keys,
  deadLetter: Sink.keys,
  failover: Failover.keys,
  bucket: Bucket.keys,
};
