/** A frame that waits to be written, and who waits for that. */
export interface Entry {
  readonly frame: Buffer;
  /** Messages in it: 1, or 0 for a sync. */
  readonly messages: 0 | 1;
  /** The system has taken it. */
  readonly written: () => void;
  readonly failed: (error: Error) => void;
}

/** Frames that wait to be written, in order; together they have at most so many bytes. */
export class Outbox {
  private entries: Entry[] = [];
  bytes = 0;

  constructor(readonly maxBytes: number) {}

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** False: there is no room for it. */
  add(entry: Entry): boolean {
    const bytes = this.bytes + entry.frame.length;
    if (bytes > this.maxBytes) return false;
    this.bytes = bytes;
    this.entries.push(entry);
    return true;
  }

  /** The first frames, one at least, of about so many bytes. */
  take(bytes: number): readonly Entry[] {
    let taken = 0;
    const found = this.entries.findIndex(({ frame }) => (taken += frame.length) >= bytes);
    const first = this.entries.splice(0, found < 0 ? this.entries.length : found + 1);
    this.bytes -= sizeOf(first);
    return first;
  }

  /** These were taken, and are to be written before the others after all. */
  putBack(entries: readonly Entry[]): void {
    this.entries.unshift(...entries);
    this.bytes += sizeOf(entries);
  }

  /** Nothing of it will be written. */
  fail(error: Error): void {
    for (const { failed } of this.take(Infinity)) failed(error);
  }
}

const sizeOf = (entries: readonly Entry[]): number => entries.reduce((sum, { frame }) => sum + frame.length, 0);
