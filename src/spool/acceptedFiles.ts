import { access, lstat, readdir, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Frames, Log } from '../model';
import { frameAt, HEAD_BYTES } from '../wire/frameAt';
import { GONE, unless } from '../wire/systemErrors';
import { readWindow, type Fault } from './frameWindows';
import { segmentOwner } from './journalSegment';
import { naming, openPlainFile, readAt, syncFolderOf, type PlainFile } from './plainFile';
import { isRunning } from './processes';
import { setAside } from './setAside';

/** A file of accepted messages that an earlier process has left, open. */
export interface AcceptedFile {
  readonly path: string;
  /** The next runs of it, with an origin that is marked as recovered; undefined at the end. Rejects with an error that names it. */
  readonly next: () => Promise<readonly Frames[] | undefined>;
  /** Ends the reading. Never rejects. */
  readonly close: () => Promise<void>;
  /** Deletes it: all of it has settled. */
  readonly remove: () => Promise<void>;
}

const ENDING = '.frames';
const PART = '.part';
const WINDOW_BYTES = 256 * 1024;

const isLiving = async (name: string): Promise<boolean> => {
  const owner = segmentOwner(name);
  return owner !== undefined && (await isRunning(owner));
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** The name under which a file that was not finished is read: its own, or where that is taken the next free one. */
const finish = async (folder: string, part: string): Promise<string> => {
  const stem = part.slice(0, -(ENDING.length + PART.length));
  for (let number = 0; ; number += 1) {
    const name = `${stem}${number === 0 ? '' : `-${number}`}${ENDING}`;
    if (await exists(join(folder, name))) continue;
    await rename(join(folder, part), join(folder, name));
    return name;
  }
};

const modifiedNs = async (path: string): Promise<bigint> =>
  (await unless(GONE, lstat(path, { bigint: true })))?.mtimeNs ?? 0n;

/** The files that no living process writes to, the oldest first; what a crash could not finish among them. */
export const listAccepted = async (folder: string): Promise<readonly string[]> => {
  const names = (await unless(GONE, readdir(folder))) ?? [];
  const files: { readonly path: string; readonly ns: bigint }[] = [];
  for (const name of names.sort()) {
    const isPart = name.endsWith(ENDING + PART);
    if ((!isPart && !name.endsWith(ENDING)) || (await isLiving(name))) continue;
    const path = join(folder, isPart ? await finish(folder, name) : name);
    files.push({ path, ns: await modifiedNs(path) });
  }
  return files.sort((one, other) => Number(one.ns - other.ns)).map(({ path }) => path);
};

/** Whether the file ends within what may be a frame. */
const isTorn = async ({ handle, size }: PlainFile, { at }: Fault): Promise<boolean> =>
  frameAt(await readAt(handle, at, HEAD_BYTES), 0, size - at).kind === 'torn';

class OpenAcceptedFile implements AcceptedFile {
  readonly path: string;
  private at = 0;
  private ended = false;
  private closed = false;

  constructor(
    private readonly file: PlainFile,
    private readonly log: Log,
  ) {
    this.path = file.path;
  }

  readonly next: AcceptedFile['next'] = () =>
    naming(this.path, async () => {
      const { handle, size, modifiedMs: arrivedMs } = this.file;
      if (this.ended || this.at === size) return undefined;
      const { frames, end, fault } = await readWindow(handle, this.at, { size, maxBytes: WINDOW_BYTES, arrivedMs });
      this.at = end;
      if (fault) await this.endAt(fault);
      return frames.length > 0 ? frames : undefined;
    });

  readonly close: AcceptedFile['close'] = async () => {
    if (this.closed) return;
    this.closed = true;
    // It was only read; what was cut off it is synced.
    await this.file.handle.close().catch(() => undefined);
  };

  readonly remove: AcceptedFile['remove'] = async () => {
    await this.close();
    await unless(GONE, unlink(this.path));
    await syncFolderOf(this.path);
  };

  private async endAt(fault: Fault): Promise<void> {
    this.ended = true;
    const { path } = this;
    const { at, detail: found } = fault;
    // What was being written when its process was killed: it was not accepted yet.
    if (await isTorn(this.file, fault)) {
      this.log.info('spool: a torn frame at the end is left out', { path, at, found });
      return;
    }
    const { bytes, path: aside } = await setAside(this.file, fault);
    this.log.warn('spool: what is no frame is moved aside', { path, at, bytes, found, aside });
  }
}

/** Opens one of {@link listAccepted}. Frames of version 1 came when it was changed last. */
export const openAccepted =
  (log: Log) =>
  async (path: string): Promise<AcceptedFile> =>
    new OpenAcceptedFile(await openPlainFile(path, 'change'), log);
