import { LENGTH_BYTES } from '../../wire/frame';
import { varintSize, writeVarint, zigzag } from './varint';

/** Attributes, timestamp, offset and lengths of one record, at their longest. */
const MAX_RECORD_OVERHEAD = 5 + 1 + 5 + 5 + 2 + 5 + 1;
/** Runs are copied in pieces of at most this many bytes: a chunk of a socket, and some more. */
const PIECE_BYTES = 128 * 1024;
/** Up to here bytes are copied one by one: a call costs more. */
const SHORT_BYTES = 24;
/** A delta must survive {@link zigzag}. */
const MAX_DELTA_MS = 2 ** 30 - 1;

/** Bytes of a buffer for `limit` bytes of records and the piece of a run that is being copied. */
export const bufferBytes = (limit: number): number => limit + PIECE_BYTES;

/** What a record batch may hold. A first message that is larger is taken all the same. */
export interface RecordLimits {
  readonly count: number;
  readonly bytes: number;
}

/** Lends buffers for records, and takes them back. */
export interface Buffers {
  lend(bytes: number): Buffer;
  giveBack(buffer: Buffer): void;
}

/** Copies within `target`, or from `source` into it. */
const copyBytes = (target: Buffer, to: number, source: Buffer, start: number, end: number): number => {
  if (end - start <= SHORT_BYTES)
    for (let at = start, put = to; at < end; at += 1, put += 1) target[put] = source[at] ?? 0;
  else if (source === target) target.copyWithin(to, start, end);
  else target.set(source.subarray(start, end), to);
  return to + end - start;
};

/**
 * The records of one record batch (v2), encoded straight from frames.
 *
 * Calling `copy` for every message costs a view each. So a piece of a run goes into the free tail of the batch's own buffer
 * by one `set`, and each key and message moves from there to its place by `copyWithin`, which needs none.
 *
 * @see KIP-98, https://kafka.apache.org/documentation/#recordbatch
 */
export class RecordBatch {
  count = 0;
  /** Bytes of records. */
  bytes = 0;
  baseTimestamp = 0;
  maxTimestamp = 0;
  private buffer: Buffer;
  /** The run that lies whole at the buffer's end. */
  private staged: Buffer | undefined;

  constructor(
    private readonly buffers: Buffers,
    private readonly limits: RecordLimits,
    firstBytes: number,
  ) {
    this.buffer = buffers.lend(Math.min(firstBytes, bufferBytes(limits.bytes)));
  }

  get records(): Buffer {
    return this.buffer.subarray(0, this.bytes);
  }

  /** Gives the buffer back; the records are gone. */
  release(): void {
    this.buffers.giveBack(this.buffer);
  }

  /**
   * Appends the frames of `run` from `start` to before `end`, all of one bucket whose name has `bucketLength` bytes, and
   * returns where it stopped: `end`, or the first frame for which there is no room. `more`: many stretches of this run will
   * follow, so that it pays to copy all of it at once.
   */
  append(run: Buffer, start: number, end: number, bucketLength: number, timestampMs: number, more = false): number {
    if (this.count === 0) {
      this.baseTimestamp = timestampMs;
      this.maxTimestamp = timestampMs;
    }
    const delta = timestampMs - this.baseTimestamp;
    if (delta > MAX_DELTA_MS || delta < -MAX_DELTA_MS) return start;
    const before = this.count;
    let at = start;
    while (at < end) {
      const stop =
        more && run.length <= PIECE_BYTES
          ? this.appendStaged(run, at, end, bucketLength, zigzag(delta))
          : this.appendPiece(run, at, end, bucketLength, zigzag(delta));
      if (stop === at) break;
      at = stop;
    }
    if (this.count > before && timestampMs > this.maxTimestamp) this.maxTimestamp = timestampMs;
    return at;
  }

  /** Appends frames out of the copy of all of `run`. */
  private appendStaged(run: Buffer, start: number, end: number, bucketLength: number, timestampDelta: number): number {
    const bytes = end - start;
    const smallest = LENGTH_BYTES + 2 + bucketLength;
    if (this.staged !== run || this.room(bytes, bytes, Math.ceil(bytes / smallest)) > this.buffer.length - run.length) {
      this.reserve(this.room(bytes, run.length, Math.ceil(run.length / smallest)) + run.length);
      this.buffer.set(run, this.buffer.length - run.length);
      this.staged = run;
    }
    const at = this.buffer.length - run.length;
    return this.encode(this.buffer, at + start, at + end, bucketLength, timestampDelta) - at;
  }

  /** Appends whole frames of at most {@link PIECE_BYTES} together, or a single one of any size. */
  private appendPiece(run: Buffer, start: number, end: number, bucketLength: number, timestampDelta: number): number {
    this.staged = undefined;
    const first = LENGTH_BYTES + run.readUInt32LE(start);
    const piece = Math.min(end - start, PIECE_BYTES);
    if (first >= piece) {
      this.reserve(this.room(first, first, 1));
      return this.encode(run, start, start + first, bucketLength, timestampDelta);
    }
    this.reserve(this.room(first, piece, Math.ceil(piece / (LENGTH_BYTES + 2 + bucketLength))) + piece);
    const at = this.buffer.length - piece;
    this.buffer.set(piece === run.length ? run : run.subarray(start, start + piece), at);
    return start - at + this.encode(this.buffer, at, this.buffer.length, bucketLength, timestampDelta);
  }

  /** Encodes the whole frames of `source` from `start` to before `end`, as long as there is room, and returns where it stopped. */
  private encode(source: Buffer, start: number, end: number, bucketLength: number, timestampDelta: number): number {
    const { buffer } = this;
    const { count: maxCount, bytes: maxBytes } = this.limits;
    const keyOffset = LENGTH_BYTES + 2 + bucketLength;
    const timestampSize = varintSize(timestampDelta);
    let count = this.count;
    let to = this.bytes;
    let frame = start;
    while (frame + LENGTH_BYTES <= end) {
      const next =
        frame +
        LENGTH_BYTES +
        ((source[frame] ?? 0) |
          ((source[frame + 1] ?? 0) << 8) |
          ((source[frame + 2] ?? 0) << 16) |
          ((source[frame + 3] ?? 0) << 24));
      if (next > end) break;
      const keyStart = frame + keyOffset;
      const keyLength = source[keyStart - 1] ?? 0;
      const valueStart = keyStart + keyLength;
      const valueLength = next - valueStart;
      const body =
        3 +
        timestampSize +
        varintSize(count << 1) +
        (keyLength > 63 ? 1 : 0) +
        keyLength +
        varintSize(valueLength << 1) +
        valueLength;
      if (count > 0 && (count >= maxCount || to + body + varintSize(body << 1) > maxBytes)) break;

      to = writeVarint(buffer, to, body << 1);
      buffer[to++] = 0;
      to = writeVarint(buffer, to, timestampDelta);
      to = writeVarint(buffer, to, count << 1);
      to = writeVarint(buffer, to, keyLength << 1);
      to = copyBytes(buffer, to, source, keyStart, valueStart);
      to = writeVarint(buffer, to, valueLength << 1);
      to = copyBytes(buffer, to, source, valueStart, next);
      buffer[to++] = 0;
      count += 1;
      frame = next;
    }
    this.count = count;
    this.bytes = to;
    return frame;
  }

  /**
   * Bytes that the records may take once `frames` of `frameBytes` together have come, as far as the limits let them in. The
   * first message of all, in a frame of `firstBytes`, comes in whatever its size.
   */
  private room(firstBytes: number, frameBytes: number, frames: number): number {
    const all = this.bytes + frameBytes + frames * MAX_RECORD_OVERHEAD;
    return Math.min(all, Math.max(this.limits.bytes, this.count === 0 ? firstBytes + MAX_RECORD_OVERHEAD : this.bytes));
  }

  /** Grows the buffer to `needed` bytes. */
  private reserve(needed: number): void {
    if (needed <= this.buffer.length) return;
    const grown = this.buffers.lend(Math.max(needed, 2 * this.buffer.length));
    grown.set(this.records);
    this.buffers.giveBack(this.buffer);
    this.buffer = grown;
  }
}

/** Who sends, and the number of the first record: what lets a broker recognise a batch it already has. */
export interface Sequence {
  readonly producerId: bigint;
  readonly epoch: number;
  readonly first: number;
}

/** Says that the broker need not recognise anything. */
export const NO_SEQUENCE: Sequence = { producerId: -1n, epoch: -1, first: -1 };

/** What stands in the header beside the sequence. */
export interface BatchHeader {
  readonly count: number;
  readonly baseTimestamp: number;
  readonly maxTimestamp: number;
  /** Attributes' codec bits: 0 none, 1 gzip, 2 snappy. */
  readonly codec: number;
}
