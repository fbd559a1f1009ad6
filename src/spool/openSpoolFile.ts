import { unlink } from 'node:fs/promises';
import type { Batch, Frames, Log } from '../model';
import { GONE, unless } from '../wire/systemErrors';
import { readWindow, type Fault } from './frameWindows';
import { isStillThere, naming, openPlainFile, syncFolderOf, type PlainFile } from './plainFile';
import { takeProgress, type Position, type Progress } from './progress';
import { setAside, type Aside } from './setAside';
import type { SpoolReader, Window } from './spoolReader';

const WINDOW_BYTES = 1_000_000;

export interface SpoolFileOptions {
  readonly log: Log;
  /** Bytes of a window that holds more than one frame. Default: 1,000,000. */
  readonly maxBytes?: number;
  /** Told of what is no frame, when it is in `NAME.bad`. */
  readonly onAside?: (aside: Aside) => void;
}

const batchOf = (frames: Frames): Batch => ({
  bucket: frames.bucket,
  frames: [frames],
  count: frames.count,
  bytes: frames.bytes.length,
  closedBy: 'bytes',
});

class FileReader implements SpoolReader {
  /** Where the next window starts. */
  private at: number;
  /** Bytes of the file, as far as they are looked at or expected to be frames. */
  private end: number;
  private fault: Fault | undefined;
  private closed = false;

  constructor(
    private readonly file: PlainFile,
    private readonly progress: Progress,
    private readonly options: SpoolFileOptions,
  ) {
    this.at = progress.left.done;
    this.end = file.size;
  }

  get path(): string {
    return this.file.path;
  }

  get size(): number {
    return this.fault?.at ?? this.end;
  }

  readonly next = (): Promise<Window | undefined> =>
    naming(this.path, async () => {
      if (this.closed) throw new Error('expected an open file, found that it is closed');
      if (this.fault) await this.moveAside(this.fault);
      const { frames, start, end, fault } = await this.read();
      this.fault = fault;
      if (fault && frames.length === 0) return this.next();
      await this.progress.write(this.position(start, end));
      this.at = end;
      if (frames.length === 0) return undefined;
      return { batches: frames.map(batchOf), start, end, maybeTwice: start < this.progress.left.sending };
    });

  /** An earlier process may have had larger windows. */
  private position(done: number, end: number): Position {
    return { done, sending: Math.max(end, this.progress.left.sending) };
  }

  private read(): ReturnType<typeof readWindow> {
    const { maxBytes = WINDOW_BYTES } = this.options;
    return readWindow(this.file.handle, this.at, { size: this.end, maxBytes, arrivedMs: this.file.modifiedMs });
  }

  private async moveAside(fault: Fault): Promise<void> {
    const aside = await setAside(this.file, fault);
    this.end = fault.at;
    this.fault = undefined;
    const { at, bytes, detail, path } = aside;
    this.options.log.warn('spool: what is no frame is moved aside', {
      ...{ path: this.path, at, bytes, found: detail, aside: path },
    });
    this.options.onAside?.(aside);
  }

  readonly remove = (): Promise<void> =>
    naming(this.path, async () => {
      const { size } = await this.file.handle.stat();
      if (size !== this.at)
        throw new Error(`expected a file of ${this.at} bytes, all sent on, found ${size}: somebody writes to it`);
      if (await isStillThere(this.file)) await unless(GONE, unlink(this.path));
      // The progress goes when the file is gone for good, else a power cut could bring back the file alone.
      await syncFolderOf(this.path);
      this.closed = true;
      await this.file.handle.close();
      await this.progress.remove();
    });

  readonly close = async (settled = false): Promise<void> => {
    if (this.closed) return;
    this.closed = true;
    try {
      await this.file.handle.close();
    } finally {
      await this.progress.release(settled ? this.position(this.at, this.at) : undefined);
    }
  };
}

/**
 * Opens a closed file of frames to be sent on, from where its durable progress says. One window is in memory at a time: at most
 * `maxBytes`, or one frame. Frames of version 1 came when the file was changed last.
 *
 *     next()        a-----b-----(end)
 *     progress      a.....b.....      before the window is handed out, as under way
 *
 * What is no frame is moved to `NAME.bad` with everything behind it, after all before it was handed out.
 *
 * @throws SpoolError naming the file: it is no plain file (links are not followed), cannot be read or changed
 * @throws SpoolFileBusy when another process that runs is sending it on
 */
export const openSpoolFile = async (path: string, options: SpoolFileOptions): Promise<SpoolReader> => {
  const file = await openPlainFile(path, 'change');
  try {
    return new FileReader(file, await takeProgress(file, options.log), options);
  } catch (error) {
    await file.handle.close();
    throw error;
  }
};
