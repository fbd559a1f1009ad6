import { open, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolderOf } from './plainFile';
import type { ProcessIdentity } from './processes';

/** A system that tells nothing of its processes. */
const UNKNOWN: ProcessIdentity = { pid: 0, started: 'unknown' };
const NAME = /^journal-(\d+)-(.+)-\d+\.frames$/;

/** A name that tells whose the segment is: number and start of its process. */
export const segmentName = ({ pid, started } = UNKNOWN, number: number): string =>
  `journal-${pid}-${started.replace(':', '.')}-${number}.frames`;

/** The process that a segment of this name belongs to; undefined where it is no segment's name. */
export const segmentOwner = (name: string): ProcessIdentity | undefined => {
  const [, pid, started] = NAME.exec(name) ?? [];
  return pid === undefined || started === undefined
    ? undefined
    : { pid: Number(pid), started: started.replace('.', ':') };
};

/** Told of what goes wrong where nobody waits for it. */
export interface SegmentTroubles {
  /** Its bytes since the last sync may not outlive a power cut. */
  readonly syncFailed: (segment: JournalSegment, error: unknown) => void;
  /** It stays though nobody needs it, and is taken up by the next start. */
  readonly leftBehind: (segment: JournalSegment, error: unknown) => void;
}

/**
 * One file of the journal: written to until it is sealed, deleted when it is sealed and all its runs have settled. Syncing,
 * closing and deleting go on beside the writes, in turn.
 */
export class JournalSegment {
  /** Bytes in whole frames. */
  bytes = 0;
  /** Runs in it that have not settled, and their bytes. */
  live = 0;
  liveBytes = 0;
  /** Something of it was lost here: it stays for the next start. */
  kept = false;
  /** A sync has failed: nothing in it is trusted any more, and it is not to be written to again. */
  broken = false;
  /** Its runs are being written to another. */
  leaving = false;
  /** It is deleted, or will be. */
  gone = false;
  private synced = 0;
  private placed = false;
  private sealed = false;
  private pending = 0;
  private work = Promise.resolve();

  private constructor(
    readonly path: string,
    private readonly handle: FileHandle,
    private readonly troubles: SegmentTroubles,
  ) {}

  /** Makes the file, which must not be there. */
  static async create(folder: string, name: string, troubles: SegmentTroubles): Promise<JournalSegment> {
    const path = join(folder, name);
    return new JournalSegment(path, await open(path, 'wx', 0o600), troubles);
  }

  /** Appends all of `records`, or cuts off again what was written of them and rejects; then it is not to be written to again. */
  async write(records: readonly Buffer[]): Promise<void> {
    const [one] = records;
    const bytes = one && records.length === 1 ? one : Buffer.concat(records);
    try {
      for (let at = 0; at < bytes.length;) {
        const { bytesWritten } = await this.handle.write(bytes, at, bytes.length - at, this.bytes + at);
        if (bytesWritten === 0) throw new Error('the file takes no bytes');
        at += bytesWritten;
      }
    } catch (error) {
      // Where that fails too a torn frame stays at the end, which whoever reads the file finds.
      await this.handle.truncate(this.bytes).catch(() => undefined);
      throw error;
    }
    this.bytes += bytes.length;
  }

  hold(bytes: number): void {
    this.live += 1;
    this.liveBytes += bytes;
  }

  /** A run of it has settled, or lies in another segment now. */
  release(bytes: number): void {
    this.live -= 1;
    this.liveBytes -= bytes;
    this.removeIfDone();
  }

  /** Lets what was written so far outlive a power cut. */
  sync(): void {
    this.inTurn(() => this.syncNow());
  }

  /** Nothing is written to it any more. */
  seal(): void {
    if (this.sealed) return;
    this.sealed = true;
    this.inTurn(async () => {
      await this.syncNow();
      await this.handle.close();
    });
    this.removeIfDone();
  }

  /** Whether nothing of it is under way. */
  get isIdle(): boolean {
    return this.pending === 0;
  }

  /** Resolves when all that is under way has ended. */
  whenIdle(): Promise<void> {
    return this.work;
  }

  private removeIfDone(): void {
    if (!this.sealed || this.live > 0 || this.kept || this.gone) return;
    this.gone = true;
    this.inTurn(() => unlink(this.path));
  }

  private async syncNow(): Promise<void> {
    const end = this.bytes;
    if (this.live === 0 || end === this.synced || this.broken) return;
    try {
      await this.handle.datasync();
      if (!this.placed) await syncFolderOf(this.path);
      this.placed = true;
      this.synced = end;
    } catch (error) {
      this.broken = true;
      this.troubles.syncFailed(this, error);
    }
  }

  private inTurn(next: () => Promise<void>): void {
    this.pending += 1;
    this.work = this.work
      .then(next)
      .catch((error: unknown) => this.troubles.leftBehind(this, error))
      .finally(() => (this.pending -= 1));
  }
}
