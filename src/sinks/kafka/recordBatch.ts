import type { Blocks, StreamOptions } from '../../model';
import { LENGTH_BYTES } from '../../wire/frame';
import type { MessageCursor } from '../../wire/messageCursor';
import { NULL_LENGTH, recordSize, writeRecord } from './records';
import { varintSize, writeVarint, zigzag } from './varint';

/** Attributes, timestamp, offset and lengths of one record, at their longest. */
const MAX_RECORD_OVERHEAD = 5 + 1 + 5 + 5 + 2 + 5 + 1;
/** Runs are copied in pieces of at most this many bytes: a chunk of a socket, and some more. */
const PIECE_BYTES = 128 * 1024;
/** From here on a frame is copied by itself: a view of it costs less than a second copy. */
const LONG_BYTES = 2 * 1024;
/** Up to here bytes are copied one by one: a call costs more. */
const SHORT_BYTES = 24;
/** The delta of version 1 frames must survive {@link zigzag}. */
const MAX_DELTA_MS = 2 ** 30 - 1;

/** Bytes of a buffer for `limit` bytes of records and the piece of a run that is being copied. */
export const bufferBytes = (limit: number): number => limit + PIECE_BYTES;

/** How a record batch is filled. */
export interface RecordOptions {
  /** Messages. */
  readonly count: number;
  /** A first message that is larger is taken all the same. */
  readonly bytes: number;
  /** What becomes of a key of length 0 in a version 1 frame. Default: it stays empty. */
  readonly emptyKey?: StreamOptions['emptyKey'];
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
 * The records of one record batch (v2), encoded straight from version 1 frames and type 1 records. Its base timestamp is
 * that of the first; the others' may lie before it.
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
  /** The length that stands in a record for an empty key. */
  private readonly emptyKey: number;

  constructor(
    private readonly buffers: Blocks,
    private readonly options: RecordOptions,
    firstBytes: number,
  ) {
    this.buffer = buffers.lend(Math.min(firstBytes, bufferBytes(options.bytes)));
    this.emptyKey = options.emptyKey === 'null' ? NULL_LENGTH : 0;
  }

  /** Bytes that it takes. */
  get capacity(): number {
    return this.buffer.length;
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

  /** Appends the type 1 record of `run` at which `cursor` stands; false: there is no room. */
  appendRecord(run: Buffer, cursor: MessageCursor, timestampMs: number): boolean {
    const { count, options } = this;
    const delta = count === 0 ? 0 : timestampMs - this.baseTimestamp;
    const size = recordSize(run, cursor, count, delta);
    const end = this.bytes + varintSize(size << 1) + size;
    if (count > 0 && (count >= options.count || end > options.bytes)) return false;
    if (end > this.buffer.length - (this.staged?.length ?? 0)) {
      this.staged = undefined;
      this.reserve(end);
    }
    if (count === 0) this.baseTimestamp = timestampMs;
    this.maxTimestamp = count === 0 ? timestampMs : Math.max(this.maxTimestamp, timestampMs);
    this.bytes = writeRecord(this.buffer, this.bytes, run, cursor, size, count, delta);
    this.count += 1;
    return true;
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

  /** Appends whole frames of at most {@link PIECE_BYTES} together, or a single one of any size, which is not staged. */
  private appendPiece(run: Buffer, start: number, end: number, bucketLength: number, timestampDelta: number): number {
    this.staged = undefined;
    const first = LENGTH_BYTES + run.readUInt32LE(start);
    const piece = Math.max(first, Math.min(end - start, PIECE_BYTES));
    const frames = piece === first ? 1 : Math.ceil(piece / (LENGTH_BYTES + 2 + bucketLength));
    const room = this.room(first, piece, frames);
    if (piece === first || first >= LONG_BYTES) {
      this.reserve(room);
      return this.encode(run, start, start + piece, bucketLength, timestampDelta);
    }
    this.reserve(room + piece);
    const at = this.buffer.length - piece;
    this.buffer.set(piece === run.length ? run : run.subarray(start, start + piece), at);
    return start - at + this.encode(this.buffer, at, this.buffer.length, bucketLength, timestampDelta);
  }

  /** Encodes the whole frames of `source` from `start` to before `end`, as long as there is room, and returns where it stopped. */
  private encode(source: Buffer, start: number, end: number, bucketLength: number, timestampDelta: number): number {
    const { buffer, emptyKey } = this;
    const { count: maxCount, bytes: maxBytes } = this.options;
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
      to = writeVarint(buffer, to, keyLength === 0 ? emptyKey : keyLength << 1);
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
    return Math.min(
      all,
      Math.max(this.options.bytes, this.count === 0 ? firstBytes + MAX_RECORD_OVERHEAD : this.bytes),
    );
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
