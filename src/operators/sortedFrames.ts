import type { Frames } from '../model';
import type { MessageCursor } from '../wire/messageCursor';

/** Frames of one bucket. */
interface Pieces {
  readonly buffers: Buffer[];
  count: number;
  /** Where the last piece ends in the run; -1: it is none of the run's. */
  end: number;
}

/** Collects frames out of one run, by their buckets in the order in which these appear. */
export class SortedFrames {
  private readonly byBucket = new Map<string, Pieces>();

  constructor(private readonly run: Frames) {}

  /** Adds the frame at the cursor, of `bytes`, where neighbours stay one piece. */
  addOld(bytes: Buffer, { start, end }: Pick<MessageCursor, 'start' | 'end'>): void {
    const pieces = this.of(this.run.bucket);
    const before = pieces.end === start ? pieces.buffers.pop() : undefined;
    pieces.buffers.push(bytes.subarray(start - (before?.length ?? 0), end));
    pieces.end = end;
    pieces.count += 1;
  }

  addNew(bucket: string, frame: Buffer): void {
    const pieces = this.of(bucket);
    pieces.buffers.push(frame);
    pieces.end = -1;
    pieces.count += 1;
  }

  /** A run for each bucket, of memory of its own. */
  runs(): readonly Frames[] {
    const { run } = this;
    return Array.from(this.byBucket, ([bucket, { buffers, count }]) => ({
      ...{ ...run, bucket, count },
      bytes: Buffer.concat(buffers),
    }));
  }

  private of(bucket: string): Pieces {
    const pieces = this.byBucket.get(bucket) ?? { buffers: [], count: 0, end: -1 };
    this.byBucket.set(bucket, pieces);
    return pieces;
  }
}
