import type { Frames } from '../../model';
import { LENGTH_BYTES } from '../../wire/frame';
import { MessageCursor } from '../../wire/messageCursor';
import { AnyPartition } from './anyPartition';
import type { Delivery, Message } from './delivery';
import type { Evicted, Partition, Stretch } from './partition';
import { PARTITIONERS, type Hash, type Partitioner } from './partitioner';
import { payloadSize } from './records';
import type { PartitionerName } from './settings';

/** Kafka refuses timestamps further ahead. */
const MAX_AHEAD_MS = 3_600_000;

/** Messages of one run for each partition from which on it pays to copy the run whole for each. */
const MANY = 32;

/** Stand for what has no partition of its own: the one that messages without a key stay on, and each to any. */
const STICKY = -1;
const EACH = -2;
/** Stand for what goes to no partition. */
const NOT_YET = -3;
const REFUSED = -4;

const AHEAD = 'timestamp is more than an hour ahead of this host’s clock';
const NOTHING = new Uint8Array(0);

export interface DistributorOptions {
  /** Of key, message and headers together. */
  readonly messageMaxBytes: number;
  readonly partitioner: PartitionerName;
  /** How long messages without a key stay on a partition; 0: each goes to any. */
  readonly stickyLingerMs: number;
  readonly now: () => number;
  readonly random: () => number;
}

/** Encodes each message of a topic's deliveries into the record batch of its partition, in order. */
export class Distributor {
  private partitions: readonly Partition[] = [];
  private readonly partitioner: Partitioner;
  private readonly any: AnyPartition;
  /** The partitioner's, or any partition. */
  private readonly hash: Hash;
  /** Where messages without a key go: a partition, {@link STICKY} or {@link EACH}. */
  private noKey = STICKY;
  /** When the delivery that is being encoded came. */
  private nowMs = 0;
  /** What its records may take. */
  private expectedBytes = 0;
  private readonly tooLarge: string;

  /** `batchBytes`: of one record batch. */
  constructor(
    private readonly topic: string,
    batchBytes: number,
    private readonly options: DistributorOptions,
  ) {
    this.partitioner = PARTITIONERS[options.partitioner];
    this.any = new AnyPartition({ ...options, batchBytes });
    this.hash = this.partitioner.hash ?? (() => this.drawn());
    this.tooLarge = `message is larger than message.max.bytes (${options.messageMaxBytes})`;
  }

  /** Partitions that keys are spread over, at least one; who leads them may have changed. */
  learn(partitions: readonly Partition[]): void {
    this.partitions = partitions;
    this.any.learn(partitions);
    if (this.partitioner.hashesNoKey) this.noKey = this.hash(NOTHING, 0, 0) % partitions.length;
    else this.noKey = this.any.sticks ? STICKY : EACH;
  }

  encode(delivery: Delivery): void {
    const { frames, bytes } = delivery.batch;
    this.expectedBytes = Math.ceil(1.1 * bytes);
    this.nowMs = this.options.now();
    for (const run of frames) this.encodeRun(delivery, run);
  }

  /** Takes messages to another partition than the one that they were encoded for. */
  move({ messages, maybeWritten }: Evicted): void {
    this.nowMs = this.options.now();
    const moved = new Map<Partition, Message[]>();
    for (const message of messages) {
      const found = this.placeOf(message);
      if (typeof found === 'string') message.delivery.poisonOne(message, found);
      else if (found) {
        const group = moved.get(found);
        if (group) group.push(message);
        else moved.set(found, [message]);
      }
    }
    for (const [partition, group] of moved) partition.adopt(group, maybeWritten);
  }

  /** A message's partition, or why there is none. */
  private placeOf({ frames: { bytes }, start, end }: Message): Partition | string | undefined {
    const cursor = new MessageCursor(bytes);
    cursor.moveTo(start);
    return this.partitionProblem(cursor.partition) ?? this.partitionAt(this.targetOf(bytes, cursor), end - start);
  }

  /** Finds stretches of neighbouring version 1 frames that go to the same partition and appends them there; records go one by one. */
  private encodeRun(delivery: Delivery, { bytes, arrivedMs, count }: Frames): void {
    const { hash, noKey } = this;
    const partitions = this.partitions.length;
    const isAhead = arrivedMs > this.nowMs + MAX_AHEAD_MS;
    const maxBytes = isAhead ? -1 : this.options.messageMaxBytes;
    let cursor: MessageCursor | undefined;
    let target = NOT_YET;
    let at = 0;
    const stretch: Stretch = {
      run: bytes,
      start: 0,
      end: 0,
      timestampMs: arrivedMs,
      bucketLength: 0,
      expectedBytes: 0,
      more: count >= MANY * partitions,
    };
    const append = (): void => {
      stretch.end = at;
      stretch.expectedBytes = this.expectedAt(target);
      if (target === REFUSED) delivery.poison(1, isAhead ? AHEAD : this.tooLarge);
      else if (target !== NOT_YET) this.partitionAt(target, at - stretch.start)?.append(delivery, stretch);
    };
    while (at < bytes.length) {
      const bucketLength = bytes[at + LENGTH_BYTES] ?? 0;
      if (bucketLength === 0) {
        append();
        target = NOT_YET;
        cursor ??= new MessageCursor(bytes);
        cursor.moveTo(at);
        this.encodeRecord(delivery, bytes, cursor, arrivedMs);
        at = cursor.end;
        continue;
      }
      // As readUInt32LE, without its call.
      const length =
        (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
      const next = at + LENGTH_BYTES + length;
      const keyStart = at + LENGTH_BYTES + 2 + bucketLength;
      const keyEnd = keyStart + (bytes[keyStart - 1] ?? 0);
      let found =
        next - keyStart > maxBytes ? REFUSED : keyStart === keyEnd ? noKey : hash(bytes, keyStart, keyEnd) % partitions;
      if (found === EACH) found = this.drawn();
      if (found !== target || found === REFUSED) {
        append();
        stretch.start = at;
        stretch.bucketLength = bucketLength;
        target = found;
      }
      at = next;
    }
    append();
  }

  /** Appends the type 1 record of `run` at which `cursor` stands. */
  private encodeRecord(delivery: Delivery, run: Buffer, cursor: MessageCursor, arrivedMs: number): void {
    const timestampMs = cursor.timestampMs ?? arrivedMs;
    const problem = this.problemOf(cursor, timestampMs);
    if (problem !== undefined) {
      delivery.poison(1, problem);
      return;
    }
    const target = this.targetOf(run, cursor);
    const partition = this.partitionAt(target, cursor.end - cursor.start);
    partition?.appendRecord(delivery, run, cursor, timestampMs, this.expectedAt(target));
  }

  /** What a partition is likely to get of the delivery: one that messages stay on, all of it. */
  private expectedAt(target: number): number {
    return target === STICKY ? this.expectedBytes : Math.ceil(this.expectedBytes / this.partitions.length);
  }

  /** Why no broker would take the record. */
  private problemOf(cursor: MessageCursor, timestampMs: number): string | undefined {
    const { partition } = cursor;
    if (payloadSize(cursor) > this.options.messageMaxBytes) return this.tooLarge;
    if (timestampMs < 0) return 'timestamp is negative, expected milliseconds since 1970';
    if (timestampMs > this.nowMs + MAX_AHEAD_MS) return AHEAD;
    return this.partitionProblem(partition);
  }

  private partitionProblem(partition: number | undefined): string | undefined {
    const { length } = this.partitions;
    return partition !== undefined && (partition < 0 || partition >= length)
      ? `partition ${partition} does not exist: topic ${this.topic} has ${length}, from 0 to ${length - 1}`
      : undefined;
  }

  /** Where the message goes at which `cursor` stands. */
  private targetOf(run: Buffer, { isRecord, partition, keyIsNull, keyStart, keyEnd }: MessageCursor): number {
    if (partition !== undefined) return partition;
    const isNone = keyIsNull || (keyStart === keyEnd && (!isRecord || this.partitioner.emptyIsNone));
    const found = isNone ? this.noKey : this.hash(run, keyStart, keyEnd) % this.partitions.length;
    return found === EACH ? this.drawn() : found;
  }

  /** `bytes`: of what goes there. */
  private partitionAt(target: number, bytes: number): Partition | undefined {
    return target === STICKY ? this.any.next(this.nowMs, bytes) : this.partitions[target];
  }

  private drawn(): number {
    return this.any.draw()?.index ?? 0;
  }
}
