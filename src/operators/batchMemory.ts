import type { Batch, Blocks, Debt, Frames, Origin } from '../model';
import { BLOCK_BYTES, LEAST_BLOCK_BYTES, powerOfTwo } from './blocks';

/** Where the runs of the open batch of one bucket are gathered. */
export interface RunMemory {
  /** Runs of the open batch, and connections that they are of. */
  readonly runs: number;
  readonly debts: number;
  /** Takes in a run. Returns false where messages of its origin were in the open batch for certain. */
  add(run: Frames): boolean;
  /** What is in the open batch. */
  frames(): readonly Frames[];
  /** The open batch is closed. */
  close(): Pick<Batch, 'frames' | 'debts' | 'blocks'>;
}

/** Keeps runs as they come. */
export class KeptRuns implements RunMemory {
  readonly debts = 0;
  private gathered: Frames[] = [];

  get runs(): number {
    return this.gathered.length;
  }

  add(run: Frames): true {
    this.gathered.push(run);
    return true;
  }

  frames(): readonly Frames[] {
    return this.gathered;
  }

  close(): Pick<Batch, 'frames'> {
    const frames = this.gathered;
    this.gathered = [];
    return { frames };
  }
}

/**
 * Copies runs into blocks that are lent again when a batch has settled, since what a source reads into is read into again. Memory
 * that comes and goes with each read costs collections of the whole heap (docs/decisions/0601).
 *
 * A run that comes within `sameTimeMs` of the one before it is put behind it, and both are one (docs/decisions/0602). The blocks of a
 * batch are twice as large each time, so that it takes at most about twice the bytes that are in it.
 */
export class BatchMemory implements RunMemory {
  private whole: Frames[] = [];
  private owed = new Map<Origin, { readonly origin: Origin; count: number }>();
  private lent: Buffer[] = [];
  private block: Buffer | undefined;
  private used = 0;
  /** The run that may grow: of which bucket and whom, since when, from where in the block, and how many messages. */
  private bucket = '';
  private origin: Origin | undefined;
  private arrivedMs = 0;
  private start = 0;
  private count = 0;

  constructor(
    private readonly blocks: Pick<Blocks, 'lend'>,
    private readonly sameTimeMs: number,
  ) {}

  get runs(): number {
    return this.whole.length + (this.count > 0 ? 1 : 0);
  }

  get debts(): number {
    return this.owed.size;
  }

  add(run: Frames): boolean {
    const { bytes, count, origin } = run;
    const { length } = bytes;
    let { block } = this;
    if (!block || this.used + length > block.length || !this.continues(run)) {
      this.endRun();
      block = this.room(length);
      this.bucket = run.bucket;
      this.origin = origin;
      this.arrivedMs = run.arrivedMs;
      this.start = this.used;
    }
    block.set(bytes, this.used);
    this.used += length;
    this.count += count;
    const debt = this.owed.get(origin);
    if (debt) debt.count += count;
    else this.owed.set(origin, { origin, count });
    return !debt;
  }

  frames(): readonly Frames[] {
    this.endRun();
    return this.whole;
  }

  close(): { readonly frames: readonly Frames[]; readonly debts: readonly Debt[]; readonly blocks: readonly Buffer[] } {
    const closed = { frames: this.frames(), debts: [...this.owed.values()], blocks: this.lent };
    this.whole = [];
    this.owed = new Map();
    this.lent = [];
    this.block = undefined;
    return closed;
  }

  /** Whether the run may be one with that before it. What was recovered stays apart: it lies in a file, and goes with it. */
  private continues({ arrivedMs, origin }: Frames): boolean {
    const laterMs = arrivedMs - this.arrivedMs;
    return this.count > 0 && laterMs >= 0 && laterMs <= this.sameTimeMs && !origin.recovered && !this.origin?.recovered;
  }

  private endRun(): void {
    const { block, origin, bucket, arrivedMs, count } = this;
    if (!block || !origin || count === 0) return;
    this.whole.push({ bucket, bytes: block.subarray(this.start, this.used), count, arrivedMs, origin });
    this.count = 0;
  }

  private room(bytes: number): Buffer {
    if (this.block && this.used + bytes <= this.block.length) return this.block;
    const size = Math.max(powerOfTwo(bytes), LEAST_BLOCK_BYTES, 2 * (this.block?.length ?? 0));
    this.block = this.blocks.lend(Math.max(bytes, Math.min(size, BLOCK_BYTES)));
    this.used = 0;
    this.lent.push(this.block);
    return this.block;
  }
}
