import type { Blocks, Cause, Rest } from '../../model';
import type { MessageCursor } from '../../wire/messageCursor';
import type { Compress } from './compression';
import { decide, type Delivery, type Message, type Part } from './delivery';
import { sequenceAfter } from './header';
import { messagesOf, pack, sortOut } from './packing';
import { ProducerBatch } from './producerBatch';
import { NOBODY, type Identity } from './producerIds';
import type { RecordOptions } from './recordBatch';

/** What a partition shares with the others of its topic. */
export interface PartitionContext {
  readonly buffers: Blocks;
  readonly compress: Compress;
  /** Told by how many bytes more record batches take, which are copies beside the messages. */
  readonly weigh: (gain: number) => void;
  /** Of each record batch. */
  readonly recordOptions: RecordOptions;
  /** Bytes of records in queues. */
  queuedBytes: number;
  /** There may be something to send. */
  wake(partition: Partition): void;
  /** There may be room in the queues. */
  onRoom(): void;
  /** Nothing waits for the partition any more. */
  onEmpty(partition: Partition): void;
  /** An identity under which a batch may or may not have been written. */
  retire(identity: Identity): void;
}

/** Messages of a record batch whose partition is no more. */
export interface Evicted {
  readonly messages: readonly Message[];
  readonly maybeWritten: boolean;
}

/** Neighbouring version 1 frames of one run that go to one partition. */
export interface Stretch {
  readonly run: Buffer;
  start: number;
  end: number;
  readonly timestampMs: number;
  /** Of the bucket's name, in bytes. */
  bucketLength: number;
  /** What the partition is likely to get of the whole delivery. */
  expectedBytes: number;
  /** Many stretches of this run may follow. */
  readonly more: boolean;
}

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
  /** Since when it has missed a leader that can be reached, milliseconds since 1970; undefined: it has one. */
  strandedMs: number | undefined;
  /** When one was acknowledged last, milliseconds since 1970. */
  acknowledgedMs = 0;
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

  /** Since when an acknowledgement is missed, milliseconds since 1970; undefined: nobody waits for one. */
  get waitingMs(): number | undefined {
    const sinceMs = this.queue[0]?.sinceMs;
    return sinceMs === undefined ? undefined : Math.max(sinceMs, this.acknowledgedMs);
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
      this.context.weigh(batch.gain());
      if (at < end) this.seal(batch);
    }
    this.context.wake(this);
  }

  /** Appends the next message of `delivery`: the type 1 record of `run` at which `cursor` stands. */
  appendRecord(
    delivery: Delivery,
    run: Buffer,
    cursor: MessageCursor,
    timestampMs: number,
    expectedBytes: number,
  ): void {
    const last = this.queue[this.queue.length - 1];
    const open = last?.state === 'open' ? last : this.enqueue(expectedBytes);
    const { bytes } = open.records;
    if (open.records.appendRecord(run, cursor, timestampMs)) {
      this.context.queuedBytes += open.records.bytes - bytes;
      this.context.weigh(open.gain());
      delivery.assign(open.partOf(delivery), 1);
      this.context.wake(this);
    } else {
      // An empty batch has room for any record.
      this.seal(open);
      this.appendRecord(delivery, run, cursor, timestampMs, expectedBytes);
    }
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
    const maybeTwice = batch.maybeTwice || (batch.maybeWritten && this.identity === NOBODY);
    this.nextSequence = sequenceAfter(this.nextSequence, batch.records.count);
    this.failures = 0;
    this.trouble = undefined;
    this.strandedMs = undefined;
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
    for (const [part, cause] of fails) part.delivery.settle(part, { kind: 'failed', cause, written: batch.doubt });
  }

  /** Two batches instead of one. */
  halve(batch: ProducerBatch): void {
    this.repack(batch, messagesOf(batch.live), Math.ceil(batch.records.count / 2));
  }

  /**
   * What is known of what was written no longer holds: the next batch starts a new count under a new name. `resent`: is sent under
   * both.
   */
  renewIdentity(resent?: ProducerBatch): void {
    if (resent?.maybeWritten) resent.maybeTwice = true;
    if (!this.identity || this.identity === NOBODY) return;
    this.context.retire(this.identity);
    this.identity = undefined;
  }

  /** Takes out all that waits, to go to other partitions; what is on its way stays. */
  evict(): readonly Evicted[] {
    const waiting = this.queue.filter(({ state }) => state !== 'sent' && state !== 'compressing');
    return waiting.map((batch) => {
      const messages = messagesOf(batch.live);
      for (const part of batch.live) decide(part, { kind: 'moved' });
      this.remove(batch, false);
      if (batch.maybeWritten) this.renewIdentity();
      return { messages, maybeWritten: batch.maybeWritten };
    });
  }

  /** Takes in messages of another partition, behind its own. */
  adopt(messages: readonly Message[], maybeWritten: boolean): void {
    for (const batch of pack(messages, () => this.newBatch(0, this.context.recordOptions))) {
      batch.maybeWritten = maybeWritten;
      batch.maybeTwice = maybeWritten;
      this.queue.push(batch);
      this.context.weigh(batch.gain());
      this.context.queuedBytes += batch.records.bytes;
    }
    this.context.wake(this);
  }

  /** Everything in the queue, to be given up. */
  parts(): readonly Part[] {
    return this.queue.flatMap(({ live }) => live);
  }

  private enqueue(firstBytes: number): ProducerBatch {
    const batch = this.newBatch(firstBytes, this.context.recordOptions);
    this.queue.push(batch);
    return batch;
  }

  private newBatch(firstBytes: number, options: RecordOptions): ProducerBatch {
    return new ProducerBatch(this.context.buffers, options, firstBytes, (batch, part, cause) =>
      this.letGo(batch, part, cause),
    );
  }

  private seal(batch: ProducerBatch): void {
    batch.state = 'sealed';
    if (!batch.stale) this.compress(batch);
  }

  private compress(batch: ProducerBatch): void {
    const compressed = batch.compress(this.context.compress);
    void compressed?.then(() => {
      this.context.weigh(batch.gain());
      this.context.wake(this);
    });
    this.context.weigh(batch.gain());
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
  private repack(batch: ProducerBatch, messages: readonly Message[], count = this.context.recordOptions.count): void {
    const options = { ...this.context.recordOptions, count };
    const packed = pack(messages, () => this.newBatch(batch.records.bytes, options));
    for (const part of batch.live) decide(part, { kind: 'moved' });
    for (const one of packed) one.maybeWritten = one.maybeTwice = batch.maybeWritten;
    this.replace(batch, packed, false);
    // Under the old name the broker would take it for what it may have already, or for a gap.
    if (batch.maybeWritten) this.renewIdentity();
  }

  private replace(batch: ProducerBatch, by: readonly ProducerBatch[], acknowledged: boolean): void {
    const at = this.queue.indexOf(batch);
    if (at < 0) return;
    this.queue.splice(at, 1, ...by);
    this.context.queuedBytes += by.reduce((sum, { records }) => sum + records.bytes, -batch.records.bytes);
    batch.discard(acknowledged);
    for (const one of [batch, ...by]) this.context.weigh(one.gain());
    if (this.isEmpty) this.context.onEmpty(this);
    this.context.onRoom();
  }
}
