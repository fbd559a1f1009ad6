import { integerIn, numberIn, oneOf } from '../../codecs';
import { MAX_INT, optional, setting } from './setting';
import { CODEC_NAMES, PARTITIONER_NAMES, type CodecName, type PartitionerName } from './types';

export const MAX_LEVEL = 12;

/** A larger record batch gains nothing, and eight buffers of its size are kept. */
export const MAX_RECORD_BATCH_BYTES = 16 * 1024 * 1024;

export const BATCHING = {
  'linger.ms': setting(numberIn(0, 900_000), 5, {
    also: ['queue.buffering.max.ms'],
    here: 'a message waits so long for others: tightens `batchTimeout` of the buckets that feed the stream',
    unlike: 'whole milliseconds: 0.5 counts as 1',
  }),
  'batch.num.messages': setting(integerIn(1, 1_000_000), 10_000, {
    here: 'messages of a record batch: tightens `batch` of the buckets that feed the stream',
  }),
  'batch.size': setting(integerIn(1, MAX_INT), 1_000_000, {
    here: 'bytes of a record batch before compression; `message.max.bytes` bounds them too',
    unlike: 'at most 16 MB',
  }),
  'message.max.bytes': setting(integerIn(1000, 1_000_000_000), 1_000_000, {
    here: 'a larger message is not sent to Kafka but to the dead letters. Raise it with `max.message.bytes` of the topic',
    unlike: 'counts key, message and headers of one message, not the request',
  }),
  'queue.buffering.max.messages': optional(integerIn(0, MAX_INT), {
    here: 'messages that the stream may hold before its backup takes over (without one it waits), 0: no bound',
    unlike: 'no bound where it is not set (librdkafka: 100000), since `MAXMEMORY` bounds all streams together',
    missing: 'no bound',
  }),
  'queue.buffering.max.kbytes': optional(integerIn(1, MAX_INT), {
    here: 'the same in KB (1024 bytes)',
    unlike: 'no bound where it is not set (librdkafka: 1048576)',
    missing: 'no bound',
  }),
  'compression.codec': setting<CodecName>(oneOf(CODEC_NAMES), 'none', {
    also: ['compression.type'],
    here: 'how record batches are compressed; one that does not shrink goes as it is',
  }),
  'compression.level': setting(integerIn(-1, MAX_LEVEL), -1, {
    here: "-1: the codec's own; gzip takes 9 at most, snappy has no levels",
    unlike: "lz4 has one level: the fast one, which is librdkafka's default",
  }),
  partitioner: setting<PartitionerName>(oneOf(PARTITIONER_NAMES), 'consistent_random', {
    here: 'which partition a key goes to: by CRC-32 (`consistent`), as Java does (`murmur2`), by FNV-1a; without a key to one partition, or with `_random` to a random one. `random`: each message to any',
    unlike: 'an empty key in a version 1 frame always counts as no key',
  }),
  'sticky.partitioning.linger.ms': optional(integerIn(0, 900_000), {
    here: 'how long messages without a key stay on one random partition, 0: each goes to its own',
    unlike: 'they leave it sooner when they have as many bytes as one record batch holds',
    missing: 'twice `linger.ms`',
  }),
};
