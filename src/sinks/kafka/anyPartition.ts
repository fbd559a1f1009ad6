import type { Partition } from './partition';

export interface AnyPartitionOptions {
  /** librdkafka's sticky.partitioning.linger.ms. 0: each message goes to a partition of its own choice. */
  readonly stickyLingerMs: number;
  /** At least 0, below 1. */
  readonly random: () => number;
  /** Bytes of one record batch. */
  readonly batchBytes: number;
}

/**
 * Chooses among a topic's partitions, of those that have a leader if any has, for messages that may go anywhere.
 *
 * They stay on one for a while, so that they fill record batches: for `stickyLingerMs`, or as much as one record batch holds.
 * How fast that one takes them has no say, or the slowest would be given most (KIP-794).
 */
export class AnyPartition {
  private choices: readonly Partition[] = [];
  private sticky: Partition | undefined;
  private sinceMs = 0;
  private roomBytes = 0;

  constructor(private readonly options: AnyPartitionOptions) {}

  /** Whether messages stay on a partition at all. */
  get sticks(): boolean {
    return this.options.stickyLingerMs > 0;
  }

  /** The topic's partitions and who leads them have changed. */
  learn(partitions: readonly Partition[]): void {
    const led = partitions.filter(({ leader }) => leader >= 0);
    this.choices = led.length > 0 ? led : partitions;
    if (this.sticky && !this.choices.includes(this.sticky)) this.sticky = undefined;
  }

  /** One at random. */
  draw(): Partition | undefined {
    return this.choices[Math.floor(this.options.random() * this.choices.length)];
  }

  /** The one for the next `bytes` of messages. */
  next(nowMs: number, bytes: number): Partition | undefined {
    const heldMs = nowMs - this.sinceMs;
    // A clock that was set back starts a new while.
    if (!this.sticky || heldMs < 0 || heldMs >= this.options.stickyLingerMs || this.roomBytes <= 0) {
      this.sticky = this.draw();
      this.sinceMs = nowMs;
      this.roomBytes = this.options.batchBytes;
    }
    this.roomBytes -= bytes;
    return this.sticky;
  }
}
