import { crc32c } from '@node-rs/crc32';

/** Who sends, and the number of the first record: what lets a broker recognise a batch it already has. */
export interface Sequence {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly first: number;
}

/** Says that the broker need not recognise anything. */
export const NO_SEQUENCE: Sequence = { producerId: -1n, epoch: -1, first: -1 };

/** Sequence numbers start over after the largest of 31 bits. */
const SEQUENCES = 2 ** 31;

/** The number that follows those of `count` records from `first` on; a batch may reach beyond the largest. */
export const sequenceAfter = (first: number, count: number): number => (first + count) % SEQUENCES;

/** What stands in the header beside the sequence. */
export interface BatchHeader {
  readonly count: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** Attributes' codec bits: 0 none, 1 gzip, 2 snappy, 3 lz4, 4 zstd. */
  readonly codec: number;
}

const HEADER_BYTES = 61;
/** The checksum covers what stands from here on. */
const CRC_START = 21;
const MAGIC = 2;

/**
 * The header of a record batch whose records, compressed or not, are `payload`. The checksum runs over header and payload
 * without joining them.
 */
export const encodeHeader = (batch: BatchHeader, { producerId, epoch, first }: Sequence, payload: Buffer): Buffer => {
  const header = Buffer.allocUnsafe(HEADER_BYTES);
  header.writeBigInt64BE(0n, 0);
  header.writeInt32BE(HEADER_BYTES - 12 + payload.length, 8);
  header.writeInt32BE(-1, 12);
  header.writeInt8(MAGIC, 16);
  header.writeInt16BE(batch.codec, 21);
  header.writeInt32BE(batch.count - 1, 23);
  header.writeBigInt64BE(BigInt(batch.baseTimestamp), 27);
  header.writeBigInt64BE(BigInt(batch.maxTimestamp), 35);
  header.writeBigInt64BE(producerId, 43);
  header.writeInt16BE(epoch, 51);
  header.writeInt32BE(first, 53);
  header.writeInt32BE(batch.count, 57);
  header.writeUInt32BE(crc32c(payload, crc32c(header.subarray(CRC_START))), 17);
  return header;
};
