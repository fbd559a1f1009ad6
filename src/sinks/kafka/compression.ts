import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import { compressSync as snappySync } from 'snappy';
import type { Slots } from '../../model';
import type { CodecName } from './settings';

/** Below this the way to the thread pool and back costs more than compressing in the loop. */
const IN_LOOP_BYTES = 16 * 1024;

/** A codec: its number in a record batch, and how it compresses in the loop and, where that pays, on the thread pool. */
interface Codec {
  readonly id: number;
  readonly inLoop: (records: Buffer) => Buffer;
  readonly onPool?: (records: Buffer) => Promise<Buffer>;
}

/**
 * Raw blocks, as librdkafka writes them; brokers and consumers also know a framed kind. Always in the loop: results of the
 * pool's threads come in fresh memory, whose page faults cost five times what the compression does. Without the copy it is
 * the same here.
 */
const SNAPPY: Codec = { id: 2, inLoop: (records) => snappySync(records, { copyOutputData: true }) };

const gzipOnPool = promisify<Buffer, { level: number }, Buffer>(gzip);

/** `level`: zlib's, -1 for its default. */
const gzipAt = (level: number): Codec => ({
  id: 1,
  inLoop: (records) => gzipSync(records, { level }),
  onPool: (records) => gzipOnPool(records, { level }),
});

/** What goes into the record batch, and the codec number that says what it is. */
export interface Compressed {
  readonly payload: Buffer;
  readonly codec: number;
}

/** Compresses at once where that is cheap, else by a promise. */
export type Compress = (records: Buffer) => Compressed | Promise<Compressed>;

/**
 * Makes the compression of one sink: at most `slots.size` at once on the thread pool; with none, in the loop. Records that do
 * not shrink are sent as they are, as librdkafka does.
 */
export const compressor = (name: CodecName, level: number, slots: Slots): Compress => {
  if (name === 'none') return (records) => ({ payload: records, codec: 0 });
  const { id, inLoop, onPool } = name === 'gzip' ? gzipAt(level) : SNAPPY;
  const smaller = (records: Buffer, payload: Buffer): Compressed =>
    payload.length < records.length ? { payload, codec: id } : { payload: records, codec: 0 };
  return (records) =>
    !onPool || slots.size === 0 || records.length < IN_LOOP_BYTES
      ? smaller(records, inLoop(records))
      : slots.run(() => onPool(records)).then((payload) => smaller(records, payload));
};
