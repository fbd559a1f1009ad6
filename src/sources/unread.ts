import type { Channel } from './channel';

/** Bytes of answers that all clients together may leave unread: who then gets more, and reads none, is given up. */
const MOST_OF_ALL = 4 * 1024 * 1024;

/** What all clients have not read. */
export interface AllUnread {
  bytes: number;
}

/** The answers of one connection that the system has not taken, because its client does not read. One write at a time, of all there are. */
export class Unread {
  bytes = 0;
  private waiting: Buffer[] = [];
  private isWriting = false;

  /** @param progress told after each write whether the client is still there */
  constructor(
    private readonly channel: Pick<Channel, 'write'>,
    private readonly all: AllUnread,
    private readonly progress: (isThere: boolean) => void,
  ) {}

  /** Whether there was room for it. */
  add(answer: Buffer): boolean {
    if (this.bytes > 0 && this.all.bytes > MOST_OF_ALL) return false;
    this.count(answer.length);
    this.waiting.push(answer);
    if (!this.isWriting) this.write();
    return true;
  }

  /** The connection is closed. */
  forget(): void {
    this.count(-this.bytes);
    this.waiting = [];
  }

  private write(): void {
    const bytes = Buffer.concat(this.waiting);
    this.waiting = [];
    this.isWriting = true;
    this.channel.write(bytes, (isThere) => {
      this.isWriting = false;
      // Nothing is left where it was forgotten.
      this.count(-Math.min(bytes.length, this.bytes));
      if (isThere && this.waiting.length > 0) this.write();
      this.progress(isThere);
    });
  }

  private count(bytes: number): void {
    this.bytes += bytes;
    this.all.bytes += bytes;
  }
}
