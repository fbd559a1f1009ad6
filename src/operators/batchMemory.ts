import type { Blocks, Frames } from '../model';
import { BLOCK_BYTES, powerOfTwo } from './blocks';

/**
 * The memory of the batches of one bucket: copies runs into blocks that are lent again when a batch has settled, since what a source
 * reads into is read into again. Memory that comes and goes with each read costs collections of the whole heap (docs/decisions/0601).
 *
 * The blocks of a batch are twice as large each time, so that it takes at most about twice the bytes that are in it.
 */
export class BatchMemory {
  private lent: Buffer[] = [];
  private block: Buffer | undefined;
  private used = 0;

  constructor(private readonly blocks: Pick<Blocks, 'lend'>) {}

  /** The same run in memory of the batch that is open. */
  keep({ bucket, bytes, count, arrivedMs, origin }: Frames): Frames {
    const { length } = bytes;
    const block = this.room(length);
    block.set(bytes, this.used);
    const kept = block.subarray(this.used, this.used + length);
    this.used += length;
    return { bucket, bytes: kept, count, arrivedMs, origin };
  }

  /** The open batch is closed; returns the blocks that it lies in. */
  close(): readonly Buffer[] {
    const { lent } = this;
    this.lent = [];
    this.block = undefined;
    return lent;
  }

  private room(bytes: number): Buffer {
    if (this.block && this.used + bytes <= this.block.length) return this.block;
    const size = Math.max(powerOfTwo(bytes), 2 * (this.block?.length ?? 0));
    this.block = this.blocks.lend(Math.max(bytes, Math.min(size, BLOCK_BYTES)));
    this.used = 0;
    this.lent.push(this.block);
    return this.block;
  }
}
