import { readWindow } from '../../../spool/frameWindows';
import { openPlainFile, readAt, type PlainFile } from '../../../spool/plainFile';
import { frameAt, HEAD_BYTES } from '../../../wire/frameAt';
import { MessageCursor } from '../../../wire/messageCursor';
import type { Place } from './message';

/** What is in memory at a time, of messages that are smaller. */
const WINDOW_BYTES = 256 * 1024;

/** Well-formed messages of a file that stand together. */
export interface Run {
  readonly cursor: MessageCursor;
  readonly bytes: Buffer;
  readonly place: Place;
}

/** Where a file stops being messages. `torn`: the rest of one may still be written. */
export interface Damage {
  readonly at: number;
  readonly bytes: number;
  readonly detail: string;
  readonly torn: boolean;
}

/** A file that is read from its beginning as far as it goes, then from there on. */
export class Tail {
  /** Where it is now: it may be renamed. */
  path: string;
  /** What is no message, as far as was read. */
  damage: Damage | undefined;
  private file: PlainFile | undefined;
  /** Bytes that were shown. */
  private at = 0;
  /** Bytes that were there then. */
  private size = -1;

  constructor(path: string) {
    this.path = path;
  }

  /** Whether a file of so many bytes was not looked at yet. */
  isNew(size: number): boolean {
    const { size: before } = this;
    this.size = size;
    return size !== before;
  }

  /**
   * The messages from where the last reading ended. Behind damage nothing is read, unless it was `torn`; a file that has
   * become smaller is read anew.
   *
   * @throws SpoolError naming the file
   */
  async *read(): AsyncGenerator<Run> {
    this.file ??= await openPlainFile(this.path, 'read');
    const { handle } = this.file;
    const { size, mtimeMs } = await handle.stat();
    this.size = size;
    if (size < this.at) {
      this.at = 0;
      this.damage = undefined;
    }
    if (this.damage && !this.damage.torn) return;
    this.damage = undefined;
    const arrivedMs = Math.round(mtimeMs);
    while (this.at < size) {
      const { start, end, fault } = await readWindow(handle, this.at, { size, maxBytes: WINDOW_BYTES, arrivedMs });
      const bytes = await readAt(handle, start, end - start);
      // Somebody has cut it meanwhile.
      if (bytes.length < end - start) return;
      this.at = end;
      yield { cursor: new MessageCursor(bytes), bytes, place: { file: this.path, at: start, modifiedMs: arrivedMs } };
      if (!fault) continue;
      const head = await readAt(handle, end, Math.min(HEAD_BYTES, size - end));
      const torn = frameAt(head, 0, size - end).kind === 'torn';
      this.damage = { at: end, bytes: size - end, detail: fault.detail, torn };
      return;
    }
  }

  /** Lets go of the file; reading opens it again. */
  async close(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.handle.close();
  }

  get isOpen(): boolean {
    return this.file !== undefined;
  }
}
