import type { Cause, Rest } from '../../model';
import type { Compress } from './compression';
import { decide, type Delivery, type Message, type Part } from './delivery';
import { messagesOf, pack, sortOut } from './packing';
import { ProducerBatch } from './producerBatch';
import { NOBODY, type Identity } from './producerIds';
import type { Buffers, RecordLimits } from './recordBatch';

/** What a partition shares with the others of its topic. */
export interface PartitionContext {
  readonly buffers: Buffers;
  readonly compress: Compress;
  /** Of one record batch. */
  readonly limits: RecordLimits;
  /** Bytes of records in queues. */
  queuedBytes: number;
  /** There may be something to send. */
  wake(partition: Partition): void;
  /** There may be room in the queues. */
  onRoom(): void;
  /** An identity under which a batch may or may not have been written. */
  retire(identity: Identity): void;
}

/** Neighbouring frames of one run that go to one partition. */
export interface Stretch {
  readonly run: Buffer;
  start: number;
  end: number;
  readonly timestampMs: number;
  /** Of the bucket's name, in bytes. */
  readonly bucketLength: number;
  /** What the partition is likely to get of the whole delivery. */
  readonly expectedBytes: number;
  /** Many stretches of this run may follow. */
  readonly more: boolean;
}

/** Sequence numbers of a producer start over here. */
const SEQUENCES = 2 ** 31;

/**
 * The record batches of one partition, in order. The first alone is on its way to the broker; what arrives meanwhile
 * gathers behind it.
 */
export class Partition {
  /** -1: nobody now. */
  leader = -1;
  /** Waits for the next attempt. */
  resting = false;
  /** The sender is about to look at it. */
  awake = false;
  /** Attempts in a row that failed. */
  failures = 0;
  /** Why the last one failed. */
  trouble: string | undefined;
  private readonly queue: ProducerBatch[] = [];
  /** Who sends its batches; undefined until the next one has to be somebody new. */
  identity: Identity | undefined;
  private nextSequence = 0;

  constructor(
    readonly topic: string,
    readonly index: number,
    private readonly context: PartitionContext,
  ) {}

  get isEmpty(): boolean {
    return this.queue.length === 0;
  }

  /** Messages gather in the last batch, if that is still open. */
  get isGathering(): boolean {
    return this.queue[this.queue.length - 1]?.state === 'open';
  }

  /** Appends the next frames of `delivery`. */
  append(delivery: Delivery, { run, start, end, bucketLength, timestampMs, expectedBytes, more }: Stretch): void {
    let at = start;
    while (at < end) {
      const last = this.queue[this.queue.length - 1];
      const batch = last?.state === 'open' ? last : this.enqueue(Math.max(expectedBytes, 2 * (end - at) + 256));
      const { records } = batch;
      const { count, bytes } = records;
      at = records.append(run, at, end, bucketLength, timestampMs, more);
      this.context.queuedBytes += records.bytes - bytes;
      if (records.count > count) delivery.assign(batch.partOf(delivery), records.count - count);
      if (at < end) this.seal(batch);
    }
    this.context.wake(this);
  }

  /** The batch to send next, closed to more messages, or undefined when there is none or it is not ready yet. */
  next(): ProducerBatch | undefined {
    let front = this.queue[0];
    while (front && front.state !== 'sent' && front.state !== 'compressing' && front.stale) {
      this.repack(front, messagesOf(front.live));
      front = this.queue[0];
    }
    if (front?.state === 'open' || front?.state === 'sealed') this.compress(front);
    return front?.state === 'ready' ? front : undefined;
  }

  /** The wire form of `batch` as it leaves, in the name of `identity`. */
  send(batch: ProducerBatch, identity: Identity): { readonly header: Buffer; readonly payload: Buffer } {
    batch.attempts += 1;
    batch.state = 'sent';
    if (this.identity !== identity) {
      this.identity = identity;
      this.nextSequence = 0;
    }
    return batch.encode(identity, identity === NOBODY ? -1 : this.nextSequence);
  }

  /** The broker has the batch: its messages have arrived. */
  acknowledge(batch: ProducerBatch): void {
    const maybeTwice = batch.maybeWritten && this.identity === NOBODY;
    this.nextSequence = (this.nextSequence + batch.records.count) % SEQUENCES;
    this.failures = 0;
    this.trouble = undefined;
    this.remove(batch, true);
    for (const part of batch.live) part.delivery.settle(part, { kind: 'acknowledged', maybeTwice });
  }

  /** The batch is to be sent again, unless nobody waits for it any more. */
  keep(batch: ProducerBatch, written: Rest['written']): void {
    batch.state = 'ready';
    if (written === 'unknown') batch.maybeWritten = true;
    this.reap(batch);
  }

  /** All of the batch has failed for good. */
  fail(batch: ProducerBatch, cause: Cause, written: Rest['written']): void {
    this.remove(batch, false);
    if (written === 'unknown') this.renewIdentity();
    for (const part of batch.live) part.delivery.settle(part, { kind: 'failed', cause, written });
  }

  /** Some of the batch's records have failed for good, by their place in it; the others stay. */
  failRecords(batch: ProducerBatch, failed: ReadonlyMap<number, Cause>): void {
    const { stays, fails } = sortOut(batch, failed);
    this.repack(batch, stays);
    for (const [part, cause] of fails) part.delivery.settle(part, { kind: 'failed', cause, written: 'no' });
  }

  /** Two batches instead of one. */
  halve(batch: ProducerBatch): void {
    this.repack(batch, messagesOf(batch.live), Math.ceil(batch.records.count / 2));
  }

  /** What is known of what was written no longer holds: the next batch starts a new count under a new name. */
  renewIdentity(): void {
    if (!this.identity || this.identity === NOBODY) return;
    this.context.retire(this.identity);
    this.identity = undefined;
  }

  /** Everything in the queue, to be given up. */
  parts(): readonly Part[] {
    return this.queue.flatMap(({ live }) => live);
  }

  private enqueue(firstBytes: number): ProducerBatch {
    const batch = this.newBatch(firstBytes, this.context.limits);
    this.queue.push(batch);
    return batch;
  }

  private newBatch(firstBytes: number, limits: RecordLimits): ProducerBatch {
    return new ProducerBatch(this.context.buffers, limits, firstBytes, (batch, part, cause) =>
      this.letGo(batch, part, cause),
    );
  }

  private seal(batch: ProducerBatch): void {
    batch.state = 'sealed';
    if (!batch.stale) this.compress(batch);
  }

  private compress(batch: ProducerBatch): void {
    void batch.compress(this.context.compress)?.then(() => this.context.wake(this));
  }

  private letGo(batch: ProducerBatch, part: Part, cause: Cause): void {
    part.delivery.settle(part, {
      kind: 'failed',
      cause: this.trouble === undefined ? cause : { kind: 'unavailable', message: this.trouble },
      written: batch.state === 'sent' || batch.maybeWritten ? 'unknown' : 'no',
    });
    this.reap(batch);
  }

  /** Takes a batch out that nobody waits for, unless its answer is still due. */
  private reap(batch: ProducerBatch): void {
    if (batch.state === 'sent' || batch.isLive) return;
    this.remove(batch, false);
    if (batch.maybeWritten) this.renewIdentity();
    this.context.wake(this);
  }

  private remove(batch: ProducerBatch, acknowledged: boolean): void {
    this.replace(batch, [], acknowledged);
  }

  /** Puts batches of `messages` alone in the place of `batch`. */
  private repack(batch: ProducerBatch, messages: readonly Message[], maxCount = this.context.limits.count): void {
    const limits = { ...this.context.limits, count: maxCount };
    const packed = pack(messages, () => this.newBatch(batch.records.bytes, limits));
    for (const part of batch.live) decide(part, { kind: 'moved' });
    this.replace(batch, packed, false);
  }

  private replace(batch: ProducerBatch, by: readonly ProducerBatch[], acknowledged: boolean): void {
    const at = this.queue.indexOf(batch);
    if (at < 0) return;
    this.queue.splice(at, 1, ...by);
    this.context.queuedBytes += by.reduce((sum, { records }) => sum + records.bytes, -batch.records.bytes);
    batch.discard(acknowledged);
    this.context.onRoom();
  }
}
