import { constants } from 'node:fs';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import type { Log } from '../model';
import { EXISTS, failedWith, FULL, GONE, unless } from '../wire/systemErrors';
import { naming, SpoolError, syncFolderOf, type PlainFile } from './plainFile';
import { isRunning, thisProcess, type ProcessIdentity } from './processes';
import { readRecord, writeRecord } from './progressRecord';

/** Bytes of a file that are sent on, and bytes that may be. */
export interface Position {
  readonly done: number;
  readonly sending: number;
}

/** The durable progress of a file, held by this process. */
export interface Progress {
  /** What an earlier process has left. */
  readonly left: Position;
  /** Durable when it resolves. */
  readonly write: (position: Position) => Promise<void>;
  /** Lets another process go on, from `position` or where it was written last. */
  readonly release: (position?: Position) => Promise<void>;
  /** Deletes it. */
  readonly remove: () => Promise<void>;
}

/** Another process sends the file on right now. */
class SpoolFileBusy extends SpoolError {
  override readonly name = 'SpoolFileBusy';
  constructor(path: string, pid: number) {
    super(path, new Error(`expected a file that nobody sends on: process ${pid} does; wait for it, or stop it`));
  }
}

const START: Position = { done: 0, sending: 0 };
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;

/** A progress that is not there, or that tells this process nothing. */
const NOT_TOLD: ReadonlySet<string> = new Set([...GONE, 'ELOOP', 'EACCES']);

const pathOf = ({ path }: Pick<PlainFile, 'path'>): string => `${path}.progress`;

const removeAt = async (path: string): Promise<void> => {
  await unless(GONE, unlink(path));
};

const sameProcess = (one: ProcessIdentity, other: ProcessIdentity | undefined): boolean =>
  one.pid === other?.pid && one.started === other.started;

/** Writes this process into the progress. */
const claim = async (
  file: PlainFile,
  handle: FileHandle,
  own: ProcessIdentity | undefined,
  left: Position,
): Promise<Progress> => {
  const path = pathOf(file);
  let last = left;
  const writeAs = async (owner: ProcessIdentity | undefined, position: Position): Promise<void> => {
    const { done, sending } = position;
    await writeRecord(handle, { identity: file.identity, done, sending, owner: owner ?? null });
    last = position;
  };
  const otherOwner = async (): Promise<ProcessIdentity | undefined> => {
    const found = await readRecord(handle);
    const owner = typeof found === 'object' ? found.owner : null;
    return owner && !sameProcess(owner, own) ? owner : undefined;
  };
  /** Of two that took the place of an ended process at the same moment, the later stays. */
  const expectOwn = async (): Promise<void> => {
    const other = await otherOwner();
    if (other) throw new SpoolFileBusy(file.path, other.pid);
  };
  await writeAs(own, left);
  await expectOwn();
  return {
    left,
    write: (position) =>
      naming(path, async () => {
        await expectOwn();
        await writeAs(own, position);
      }),
    release: (position = last) =>
      naming(path, async () => {
        try {
          if (await otherOwner()) return;
          if (position.sending === 0) await removeAt(path);
          else await writeAs(undefined, position);
        } finally {
          await handle.close();
        }
      }),
    remove: () =>
      naming(path, async () => {
        try {
          // Its name may be that of another file by now, which another process sends on.
          if (!(await otherOwner())) await removeAt(path);
        } finally {
          await handle.close();
        }
      }),
  };
};

const nothing = (): Promise<void> => Promise.resolve();
/** For a disk so full that it takes no progress: to stop here would keep it full. */
const UNWRITTEN: Progress = { left: START, write: nothing, release: nothing, remove: nothing };

/** Nothing where there is one already. */
const create = async (file: PlainFile, own: ProcessIdentity | undefined, log: Log): Promise<Progress | undefined> => {
  const path = pathOf(file);
  try {
    const handle = await unless(EXISTS, open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o666));
    if (!handle) return undefined;
    try {
      const progress = await claim(file, handle, own, START);
      await syncFolderOf(path);
      return progress;
    } catch (error) {
      await handle.close();
      // Where another process has taken it over, it is that one's.
      if (!(error instanceof SpoolFileBusy)) await removeAt(path);
      throw error;
    }
  } catch (error) {
    if (!failedWith(FULL, error)) throw error;
    log.warn('spool: a full disk takes no progress: killed now, this process would have the file sent on twice', {
      path: file.path,
    });
    return UNWRITTEN;
  }
};

const takeOver = async (file: PlainFile, own: ProcessIdentity | undefined, log: Log): Promise<Progress> => {
  const path = pathOf(file);
  const handle = await open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
  try {
    const found = await readRecord(handle);
    const isReadable = typeof found === 'object';
    // The name was used anew, or nothing was sent on yet.
    if (found === 'empty' || (isReadable && found.identity !== file.identity))
      return await claim(file, handle, own, START);
    if (isReadable && found.owner && !sameProcess(found.owner, own) && (await isRunning(found.owner)))
      throw new SpoolFileBusy(file.path, found.owner.pid);
    if (isReadable && found.done <= file.size) return await claim(file, handle, own, found);
    log.warn('spool: a progress cannot be read: all of its file is sent on, what was sent before once more', { path });
    return await claim(file, handle, own, { done: 0, sending: file.size });
  } catch (error) {
    await handle.close();
    throw error;
  }
};

/**
 * Takes the progress of a file, so that no other process sends the file on meanwhile.
 *
 * @throws SpoolFileBusy when one that runs does so
 */
export const takeProgress = (file: PlainFile, log: Log): Promise<Progress> =>
  naming(pathOf(file), async () => {
    const own = await thisProcess();
    return (await create(file, own, log)) ?? (await takeOver(file, own, log));
  });

/** Deletes what is known of a file that nobody sends on now: the next time all of it is. */
export const forgetProgress = (path: string): Promise<void> =>
  naming(pathOf({ path }), () => removeAt(pathOf({ path })));

/** Bytes of a file that are sent on already, as far as its progress tells. Takes and changes nothing. */
export const doneOf = (file: PlainFile): Promise<number> =>
  naming(pathOf(file), async () => {
    const handle = await unless(NOT_TOLD, open(pathOf(file), O_RDONLY | O_NOFOLLOW | O_NONBLOCK));
    if (!handle) return 0;
    try {
      const found = await readRecord(handle);
      return typeof found === 'object' && found.identity === file.identity && found.done <= file.size ? found.done : 0;
    } finally {
      await handle.close();
    }
  });
