import type { Cause } from '../../model';
import type { Delivery } from './delivery';
import { Distributor, type DistributorOptions } from './distributor';
import { Partition, type PartitionContext } from './partition';
import type { TopicAnswer } from './requests';

/** Record batches' worth of bytes that are encoded and not acknowledged; what comes after waits as it came. */
const MAX_QUEUED_BATCHES = 8;

/** What a topic is given. */
export interface TopicOptions extends DistributorOptions {
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
  private readonly distributor: Distributor;

  constructor(
    readonly name: string,
    private readonly context: PartitionContext,
    private readonly options: TopicOptions,
  ) {
    this.distributor = new Distributor(name, context.recordOptions.bytes, options);
  }

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
      if (this.context.queuedBytes >= MAX_QUEUED_BATCHES * this.context.recordOptions.bytes) return;
      this.waiting.delete(delivery);
      this.distributor.encode(delivery);
    }
  }

  /** Partitions and leaders, as the cluster says. Partitions never go away. */
  learn({ leaders }: TopicAnswer): void {
    leaders.forEach((leader, index) => {
      const partition = (this.partitions[index] ??= new Partition(this.name, index, this.context));
      // Whoever leads it now has not been tried yet.
      if (leader !== partition.leader && partition.strandedMs !== undefined) partition.strandedMs = this.options.now();
      partition.leader = leader;
    });
    for (const partition of this.partitions.slice(leaders.length)) partition.leader = -1;
    if (leaders.length > 0) this.size = leaders.length;
    if (this.size > 0) this.distributor.learn(this.partitions.slice(0, this.size));
    this.admit();
    for (const partition of this.partitions) if (!partition.isEmpty) this.context.wake(partition);
  }

  /** Finds another partition for what waits for one that is no more, since the topic was made anew with fewer. */
  repartition(): void {
    for (const gone of this.partitions.slice(this.size))
      for (const evicted of gone.evict()) this.distributor.move(evicted);
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
}
