import type { Cause, Frames } from '../../model';
import { LENGTH_BYTES } from '../../wire/frame';
import type { Delivery } from './delivery';
import { Partition, type PartitionContext, type Stretch } from './partition';
import { ANY_PARTITION, partitionOf } from './partitioner';
import type { TopicAnswer } from './requests';

/** Kafka refuses timestamps further ahead. */
const MAX_AHEAD_MS = 3_600_000;
/** Record batches' worth of bytes that are encoded and not acknowledged; what comes after waits as it came. */
const MAX_QUEUED_BATCHES = 8;

/** Messages of one run for each partition from which on it pays to copy the run whole for each. */
const MANY = 32;

/** Stand for what goes to no partition, beside {@link ANY_PARTITION}. */
const NOT_YET = -2;
const TOO_LARGE = -3;

/** What a topic is given. */
export interface TopicOptions {
  /** Of key and message together. */
  readonly messageMaxBytes: number;
  readonly now: () => number;
  readonly random: () => number;
  /** There are deliveries, and nothing is known of the topic. */
  readonly onUnknown: () => void;
}

/**
 * Takes the deliveries of one topic in order: they wait until its partitions are known and there is room, then each message
 * is encoded into the record batch of its partition.
 */
export class Topic {
  /** What keeps the whole topic from taking messages. */
  trouble: string | undefined;
  /** Requests for its metadata in a row that brought none. */
  failures = 0;
  /** Somebody wrote to it since this was last set to false. */
  used = true;
  readonly partitions: Partition[] = [];
  /** Partitions that keys are spread over; those beyond it are left from before the topic was made anew, smaller. */
  private size = 0;
  private readonly waiting = new Set<Delivery>();
  /** Where messages without a key go. */
  private sticky: Partition | undefined;

  constructor(
    readonly name: string,
    private readonly context: PartitionContext,
    private readonly options: TopicOptions,
  ) {}

  get isIdle(): boolean {
    return this.waiting.size === 0 && this.partitions.every(({ isEmpty }) => isEmpty);
  }

  /** Whether it cannot go on before it has heard from the cluster. */
  get lacksLeader(): boolean {
    return this.partitions.length === 0
      ? this.waiting.size > 0
      : this.partitions.some((one) => one.leader < 0 && !one.isEmpty);
  }

  add(delivery: Delivery): void {
    this.used = true;
    this.waiting.add(delivery);
    this.admit();
  }

  giveUp(delivery: Delivery, cause: Cause): void {
    const mine = this.waiting.delete(delivery);
    delivery.giveUp(mine && this.trouble !== undefined ? { kind: 'unavailable', message: this.trouble } : cause);
  }

  /** Encodes what waits, as far as there is room. */
  admit(): void {
    if (this.partitions.length === 0) {
      if (this.waiting.size > 0) this.options.onUnknown();
      return;
    }
    for (const delivery of this.waiting) {
      if (this.context.queuedBytes >= MAX_QUEUED_BATCHES * this.context.limits.bytes) return;
      this.waiting.delete(delivery);
      this.encode(delivery);
    }
  }

  /** Partitions and leaders, as the cluster says. Partitions never go away. */
  learn({ leaders }: TopicAnswer): void {
    leaders.forEach((leader, index) => {
      const partition = (this.partitions[index] ??= new Partition(this.name, index, this.context));
      partition.leader = leader;
    });
    for (const partition of this.partitions.slice(leaders.length)) partition.leader = -1;
    if (leaders.length > 0) this.size = leaders.length;
    this.admit();
    for (const partition of this.partitions) if (!partition.isEmpty) this.context.wake(partition);
  }

  /** The topic never takes messages: all that waits has failed, and with `written: 'no'`. */
  fail(cause: Cause): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const delivery of waiting) delivery.settleAll({ kind: 'failed', cause, written: 'no' });
  }

  /** Everything that has no fate yet. */
  deliveries(): ReadonlySet<Delivery> {
    return new Set([...this.waiting, ...this.partitions.flatMap((one) => one.parts().map(({ delivery }) => delivery))]);
  }

  private encode(delivery: Delivery): void {
    const { frames, bytes } = delivery.batch;
    const expectedBytes = Math.ceil((1.1 * bytes) / this.size);
    const latest = this.options.now() + MAX_AHEAD_MS;
    for (const run of frames) {
      if (run.arrivedMs > latest)
        delivery.poison(run.count, 'timestamp is more than an hour ahead of this host’s clock');
      else this.encodeRun(delivery, run, expectedBytes);
    }
  }

  /** Finds stretches of neighbours that go to the same partition and appends them there. */
  private encodeRun(delivery: Delivery, { bytes, arrivedMs, count }: Frames, expectedBytes: number): void {
    const { messageMaxBytes } = this.options;
    const partitions = this.size;
    const bucketLength = bytes[LENGTH_BYTES] ?? 0;
    const keyOffset = LENGTH_BYTES + 2 + bucketLength;
    let target = NOT_YET;
    let at = 0;
    const stretch: Stretch = {
      run: bytes,
      start: 0,
      end: 0,
      timestampMs: arrivedMs,
      bucketLength,
      expectedBytes,
      more: count >= MANY * partitions,
    };
    const append = (): void => {
      stretch.end = at;
      if (target === TOO_LARGE) delivery.poison(1, `message is larger than message.max.bytes (${messageMaxBytes})`);
      else if (target !== NOT_YET) this.partitionAt(target)?.append(delivery, stretch);
    };
    while (at < bytes.length) {
      const next = at + LENGTH_BYTES + bytes.readUInt32LE(at);
      const keyStart = at + keyOffset;
      const keyEnd = keyStart + (bytes[keyStart - 1] ?? 0);
      const found = next - keyStart > messageMaxBytes ? TOO_LARGE : partitionOf(bytes, keyStart, keyEnd, partitions);
      if (found !== target || found === TOO_LARGE) {
        append();
        stretch.start = at;
        target = found;
      }
      at = next;
    }
    append();
  }

  private partitionAt(target: number): Partition | undefined {
    if (target !== ANY_PARTITION) return this.partitions[target];
    if (!this.sticky?.isGathering) this.sticky = this.anyPartition();
    return this.sticky;
  }

  /** One at random, of those that have a leader if any has. */
  private anyPartition(): Partition | undefined {
    const led = this.partitions.filter(({ leader }) => leader >= 0);
    const all = led.length > 0 ? led : this.partitions.slice(0, this.size);
    return all[Math.floor(this.options.random() * all.length)];
  }
}
