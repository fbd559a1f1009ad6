import type { BucketName } from './bucketNames';

const SMALL_RUN_BYTES = 512;

const viewOf = (chunk: Buffer, start: number, end: number): Buffer =>
  start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end);

/**
 * Collects the runs of one chunk (consecutive frames of one bucket) and hands them out by bucket, in order of first appearance:
 * as a view where a bucket's frames lie together, else gathered. Splitting by bucket beats splitting by run when they interleave.
 * It keeps its books in the names, so each table of names has one of these.
 */
export class Runs {
  private round = 0;
  private readonly names: BucketName[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private readonly nexts: number[] = [];
  /** For small runs, where a view of each costs more than copying it twice: the chunk in front, the gathered behind. */
  private scratch = new Uint8Array(0);
  private size = 0;

  /** Forgets what was noted: a new chunk. */
  start(): void {
    this.round += 1;
    this.names.length = 0;
    this.size = 0;
  }

  /** Notes `count` frames of one bucket from `start` to `end`. */
  add(name: BucketName, start: number, end: number, count: number): void {
    const run = this.size;
    this.size += 1;
    this.starts[run] = start;
    this.ends[run] = end;
    this.nexts[run] = -1;
    if (name.round === this.round) {
      this.nexts[name.last] = run;
      name.total += end - start;
      name.count += count;
    } else {
      this.names.push(name);
      name.round = this.round;
      name.first = run;
      name.total = end - start;
      name.count = count;
    }
    name.last = run;
  }

  /** Hands out what was noted of `chunk`, once a bucket. */
  flush(chunk: Buffer, take: (bucket: string, bytes: Buffer, count: number) => void): void {
    const { names } = this;
    const small = this.size * SMALL_RUN_BYTES > chunk.length;
    if (small && this.size > names.length) this.copyToScratch(chunk);
    for (const name of names) {
      const whole = name.first === name.last;
      const bytes = whole
        ? viewOf(chunk, this.starts[name.first] ?? 0, this.ends[name.first] ?? 0)
        : this.gather(chunk, name, small);
      take(name.text, bytes, name.count);
    }
  }

  private copyToScratch(chunk: Buffer): void {
    if (this.scratch.length < 2 * chunk.length) this.scratch = new Uint8Array(2 * chunk.length);
    this.scratch.set(chunk);
  }

  private gather(chunk: Buffer, name: BucketName, small: boolean): Buffer {
    const { scratch, starts, ends, nexts } = this;
    const bytes = Buffer.allocUnsafe(name.total);
    const origin = small ? chunk.length : 0;
    let to = origin;
    for (let run = name.first; run >= 0; run = nexts[run] ?? -1) {
      const start = starts[run] ?? 0;
      const end = ends[run] ?? 0;
      if (small) scratch.copyWithin(to, start, end);
      else bytes.set(chunk.subarray(start, end), to);
      to += end - start;
    }
    if (small) bytes.set(scratch.subarray(origin, to));
    return bytes;
  }
}
