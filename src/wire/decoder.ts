import type { Decoded, Origin, Refused } from '../model';
import { type BucketName, type BucketNames, createBucketNames } from './bucketNames';
import { LENGTH_BYTES, MAX_SKIPPED_BYTES } from './frame';
import { PartialFrame } from './partialFrame';
import { RECORD_HEAD_BYTES } from './recordLayout';
import { Runs } from './runs';
import { isSyncBody, SYNC_BODY_BYTES, syncToken } from './sync';
import { describeMalformed, isWellFormed, recordFault } from './wellFormed';

/** What decoders may share: the names of buckets, and room to work in. */
export interface DecoderTables {
  readonly names: BucketNames;
  readonly runs: Runs;
}

/** @param lasting whether `Frames` are to stay as they are; else only until the next `push` of any of the decoders */
export const createDecoderTables = (lasting = true): DecoderTables => ({
  names: createBucketNames(),
  runs: new Runs(lasting),
});

export interface DecoderOptions {
  /** Bytes of the longest body taken; longer ones up to 64 MB are skipped. */
  readonly maxFrame: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Counts what is decoded. */
  readonly origin: Origin;
  /** What counts behind a sync. Default: a sync is malformed. */
  readonly nextOrigin?: (() => Origin) | undefined;
  /** Give the decoders of many connections the same. Default: its own. */
  readonly tables?: DecoderTables;
}

export interface Decoder {
  /**
   * What the next bytes complete: at most one `Frames` a bucket, after one for the frame that was half there; where there are syncs,
   * between two of them.
   */
  push(chunk: Buffer): readonly Decoded[];
  /** What is left at the end of the stream. */
  end(): readonly Decoded[];
  /** Bytes of a frame that is not whole yet. */
  readonly pending: number;
  /** Nothing more can be decoded: the bytes are no frames, or the end was there. */
  readonly done: boolean;
}

type Refusal = { -readonly [K in keyof Refused]: Refused[K] };

const describeNoFrame = (length: number): string => {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32LE(length);
  return `length ${length} (the bytes ${JSON.stringify(bytes.toString('latin1'))}), expected at most ${MAX_SKIPPED_BYTES}`;
};

class FrameDecoder implements Decoder {
  done = false;
  private readonly partial = new PartialFrame();
  /** Bytes of a frame too large that are still to come. */
  private skip = 0;
  private lastName: BucketName | undefined;
  private decoded: Decoded[] = [];
  private refusals: Refusal[] = [];
  private arrivedMs = 0;
  private origin: Origin;

  constructor(
    private readonly options: DecoderOptions,
    private readonly tables: DecoderTables,
  ) {
    this.origin = options.origin;
  }

  get pending(): number {
    return this.partial.bytes;
  }

  push(chunk: Buffer): readonly Decoded[] {
    if (this.done) return [];
    this.arrivedMs = this.options.now();
    let at = this.partial.bytes > 0 ? this.complete(chunk) : 0;
    this.tables.runs.start();
    while (at < chunk.length) at = this.skip > 0 ? this.skipOver(chunk, at) : this.walk(chunk, at);
    this.tables.runs.flush(chunk, this.take);
    return this.finish();
  }

  end(): readonly Decoded[] {
    const { bytes, length } = this.partial;
    if (!this.done && bytes > 0) {
      const detail = length === undefined ? `${bytes} bytes of a length` : `${bytes} of ${length + LENGTH_BYTES} bytes`;
      this.refuse('truncated', 1, bytes).detail = `the connection ended within a frame: ${detail}`;
    }
    this.done = true;
    this.partial.clear();
    return this.finish();
  }

  /** Walks whole frames from `from`; returns where it stopped: after a length too large, or at the end. */
  private walk(chunk: Buffer, from: number): number {
    const { names, runs } = this.tables;
    const { maxFrame } = this.options;
    const size = chunk.length;
    let name = this.lastName;
    let at = from;
    let runStart = from;
    let count = 0;
    while (size - at >= LENGTH_BYTES) {
      const length = chunk.readUInt32LE(at);
      const body = at + LENGTH_BYTES;
      if (length > maxFrame) {
        if (name && count > 0) runs.add(name, runStart, at, count);
        this.lastName = name;
        return this.refuseLength(length, chunk, body);
      }
      const end = body + length;
      if (end > size) break;
      let nameAt = body + 1;
      let nameLength = chunk[body] ?? 0;
      let wellFormed: boolean;
      if (nameLength === 0) {
        if (this.options.nextOrigin && isSyncBody(chunk, body, length)) {
          if (name && count > 0) runs.add(name, runStart, at, count);
          this.sync(chunk, body, this.options.nextOrigin());
          runStart = at = end;
          count = 0;
          continue;
        }
        wellFormed = recordFault(chunk, body, length) === undefined;
        nameAt = body + RECORD_HEAD_BYTES;
        nameLength = chunk[nameAt - 1] ?? 0;
      } else wellFormed = isWellFormed(chunk, body, length);
      if (!wellFormed || !name?.matches(chunk, nameAt, nameLength)) {
        if (name && count > 0) runs.add(name, runStart, at, count);
        name = wellFormed ? names.find(chunk, nameAt, nameLength) : undefined;
        if (!name) this.refuse('malformed', 1, LENGTH_BYTES + length).detail ||= describeMalformed(chunk, body, length);
        runStart = at;
        count = 0;
      }
      count += 1;
      at = end;
    }
    if (name && count > 0) runs.add(name, runStart, at, count);
    this.lastName = name;
    this.partial.addBody(chunk, this.partial.addHeader(chunk, at));
    return size;
  }

  /** Ends the epoch: what was noted of it goes before the sync. */
  private sync(chunk: Buffer, body: number, next: Origin): void {
    this.tables.runs.flush(chunk, this.take);
    this.takeRefusals();
    this.decoded.push({ token: syncToken(chunk, body), origin: this.origin, bytes: LENGTH_BYTES + SYNC_BODY_BYTES });
    this.origin = next;
  }

  /** Goes on with the frame that is half there; returns where the next one starts. */
  private complete(chunk: Buffer): number {
    const { partial, tables } = this;
    const at = partial.addHeader(chunk, 0);
    const { length } = partial;
    if (length === undefined) return at;
    if (length > this.options.maxFrame) {
      partial.clear();
      return this.refuseLength(length, chunk, at);
    }
    const { missing } = partial;
    if (missing > chunk.length - at) {
      partial.addBody(chunk, at);
      return chunk.length;
    }
    const frame = partial.join(chunk, at);
    tables.runs.start();
    this.walk(frame, 0);
    tables.runs.flush(frame, this.take);
    return at + missing;
  }

  private skipOver(chunk: Buffer, at: number): number {
    const bytes = Math.min(this.skip, chunk.length - at);
    this.skip -= bytes;
    this.refuse('too_large', 0, bytes);
    return at + bytes;
  }

  /** Refuses a frame for its length, whose body starts at `body`; returns where decoding goes on. */
  private refuseLength(length: number, chunk: Buffer, body: number): number {
    const { maxFrame } = this.options;
    if (length > Math.max(maxFrame, MAX_SKIPPED_BYTES)) {
      this.done = true;
      this.refuse('not_frames', 1, LENGTH_BYTES + chunk.length - body).detail = describeNoFrame(length);
      return chunk.length;
    }
    this.skip = length;
    this.refuse('too_large', 1, LENGTH_BYTES).detail ||=
      `body of ${length} bytes, expected at most ${maxFrame} (MAX_FRAME)`;
    return body;
  }

  /** One refusal a reason and chunk: noise must not make an object a frame. It has the detail of the first that it counts. */
  private refuse(reason: Refused['reason'], count: number, bytes: number): Refusal {
    const { origin } = this;
    origin.messages += count;
    origin.worst = 2;
    let refusal = this.refusals.find((known) => known.reason === reason);
    if (!refusal) {
      refusal = { reason, count: 0, bytes: 0, origin, detail: '' };
      this.refusals.push(refusal);
    }
    refusal.count += count;
    refusal.bytes += bytes;
    return refusal;
  }

  private readonly take = (bucket: string, bytes: Buffer, count: number): void => {
    const { origin } = this;
    origin.messages += count;
    origin.open += count;
    this.decoded.push({ bucket, bytes, count, arrivedMs: this.arrivedMs, origin });
  };

  private takeRefusals(): void {
    if (this.refusals.length === 0) return;
    this.decoded.push(...this.refusals);
    this.refusals = [];
  }

  private finish(): readonly Decoded[] {
    this.takeRefusals();
    const { decoded } = this;
    this.decoded = [];
    return decoded;
  }
}

/**
 * Turns chunks of a connection into frames by bucket, however the bytes are cut, without an object a message.
 *
 * Law: the bytes of all chunks = the bytes of what it returned + `pending` (until it is `done`). It never throws, and allocates
 * nothing on a claim: at most about twice what came.
 */
export const createDecoder = (options: DecoderOptions): Decoder =>
  new FrameDecoder(options, options.tables ?? createDecoderTables());
