import type { BucketName } from './bucketNames';

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
  /** The chunk in front, what was gathered of it behind: to copy a run within takes no view of it. */
  private scratch = Buffer.alloc(0);
  private size = 0;
  /** Where the scratch is free, behind what was gathered of this chunk; 0: the chunk is not in it. */
  private free = 0;

  /** @param lasting whether what is gathered is to stay as it is; else it lies in the same memory each time */
  constructor(private readonly lasting: boolean) {}

  /** Forgets what was noted: a new chunk. */
  start(): void {
    this.forget();
    this.free = 0;
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
      name.count += count;
    } else {
      this.names.push(name);
      name.round = this.round;
      name.first = run;
      name.count = count;
    }
    name.last = run;
  }

  /** Hands out what was noted of `chunk` since it started or the last flush, once a bucket, and forgets it. */
  flush(chunk: Buffer, take: (bucket: string, bytes: Buffer, count: number) => void): void {
    const { names } = this;
    if (this.size === 0) return;
    if (this.size > names.length && this.free === 0) this.copyToScratch(chunk);
    for (const name of names) {
      let bytes: Buffer;
      if (name.first === name.last) bytes = viewOf(chunk, this.starts[name.first] ?? 0, this.ends[name.first] ?? 0);
      else {
        const end = this.gather(name, this.free);
        bytes = this.scratch.subarray(this.free, end);
        if (this.lasting) bytes = Buffer.from(bytes);
        this.free = end;
      }
      take(name.text, bytes, name.count);
    }
    this.forget();
  }

  private forget(): void {
    this.round += 1;
    this.names.length = 0;
    this.size = 0;
  }

  private copyToScratch(chunk: Buffer): void {
    if (this.scratch.length < 2 * chunk.length) this.scratch = Buffer.allocUnsafeSlow(2 * chunk.length);
    this.scratch.set(chunk);
    this.free = chunk.length;
  }

  /** Copies the runs of `name` one behind the other; returns where they end. */
  private gather(name: BucketName, from: number): number {
    const { scratch, starts, ends, nexts } = this;
    let to = from;
    for (let run = name.first; run >= 0; run = nexts[run] ?? -1) {
      const start = starts[run] ?? 0;
      const end = ends[run] ?? 0;
      scratch.copyWithin(to, start, end);
      to += end - start;
    }
    return to;
  }
}
