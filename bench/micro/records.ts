import * as E from 'fp-ts/Either';
import type { Slots } from '../../src/model';
import { createBuffers } from '../../src/sinks/kafka/buffers';
import { loadCompression } from '../../src/sinks/kafka/compression';
import { encodeHeader, NO_SEQUENCE } from '../../src/sinks/kafka/header';
import { bufferBytes, RecordBatch } from '../../src/sinks/kafka/recordBatch';
import type { CodecName } from '../../src/sinks/kafka/settings';
import { BUCKET, chunkOf, framesOf, type Chunk } from './material';
import type { Micro } from './run';

/** Of records, as in the producer. */
const LIMITS = { count: 50_000, bytes: 1_000_000 };

const buffers = createBuffers(bufferBytes(LIMITS.bytes));
const aBatch = (): RecordBatch => new RecordBatch(buffers, LIMITS, LIMITS.bytes);

/** Chunks go into a batch until it is full, then into the next. */
const append = (name: string, chunk: () => Chunk): Micro => ({
  group: 'records',
  name,
  prepare: () => {
    const { bytes, count } = chunk();
    let batch = aBatch();
    const call = (): unknown => {
      let at = batch.append(bytes, 0, bytes.length, BUCKET.length, 0);
      while (at < bytes.length) {
        batch.release();
        batch = aBatch();
        at = batch.append(bytes, at, bytes.length, BUCKET.length, 0);
      }
      return batch.bytes;
    };
    return { messages: count, bytes: bytes.length, call };
  },
});

/** A full batch. */
const full = (): { readonly records: Buffer; readonly count: number } => {
  const batch = aBatch();
  const run = Buffer.concat(framesOf(LIMITS.count));
  batch.append(run, 0, run.length, BUCKET.length, 0);
  return batch;
};

const crc: Micro = {
  group: 'crc',
  name: 'header with CRC-32C over 1 MB',
  prepare: () => {
    const { records, count } = full();
    const header = { count, baseTimestamp: 0, maxTimestamp: 0, codec: 0 };
    return { messages: count, bytes: records.length, call: () => encodeHeader(header, NO_SEQUENCE, records) };
  },
};

/** No pool: in the loop, where the codec knows that way. */
const NO_SLOTS: Slots = { size: 0, run: (work) => work() };

const compress = (codec: CodecName): Micro => ({
  group: 'compress',
  name: `${codec}, 1 MB in the loop`,
  prepare: async () => {
    const loaded = await loadCompression(codec, -1, NO_SLOTS)();
    if (E.isLeft(loaded)) throw new Error(loaded.left);
    const { records, count } = full();
    return { messages: count, bytes: records.length, call: () => loaded.right(records) };
  },
});

export const ENCODING: readonly Micro[] = [
  append('append of 64 KB', chunkOf),
  append('append of 64 KB, keys of 8 B', () => chunkOf([BUCKET], 'user-123')),
  append('append of 1 frame', () => ({ bytes: Buffer.concat(framesOf(1)), count: 1 })),
  crc,
  ...(['snappy', 'lz4', 'gzip'] as const).map(compress),
];
