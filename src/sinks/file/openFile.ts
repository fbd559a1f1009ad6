import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { EXISTS, unless } from '../../wire/systemErrors';
import { NOT_OURS } from './errors';

/** A file in its numbered family: `family` is its path without number and extension. */
export interface Member {
  readonly path: string;
  readonly family: string;
  readonly number: number;
  /** The folder that all files are below. */
  readonly root: string;
}

/** A file that was closed, and how it was left. */
export interface ParkedFile extends Member {
  /** Device and inode: whether the path still leads to it. */
  readonly identity: string;
  /** Bytes, all of them whole frames. */
  readonly length: number;
  /** Whether its name is synced, once that was asked for. */
  readonly placed: boolean;
}

/** A file that is open for appending, and by nobody else in this process. */
export interface OpenFile extends Omit<ParkedFile, 'length' | 'placed'> {
  readonly handle: FileHandle;
  /** Milliseconds since it was made, when it was opened. */
  readonly ageMs: number;
  length: number;
  /** What of it is surely on the disk; of what it had when it was opened this process has acknowledged nothing. */
  synced: number;
  placed: boolean;
}

const { O_APPEND, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants;
/** Without O_NONBLOCK a pipe of that name would hold up a thread until somebody reads it. */
const EXISTING = O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK;
const NEW = EXISTING | O_CREAT | O_EXCL;

/** Taken paths and their owners, in the whole process: two sinks on one folder never write to the same file. */
const openPaths = new Map<string, string | undefined>();

/** The owner of a path that is open; nothing when it is not. */
export const openedBy = (path: string): { readonly owner: string | undefined } | undefined =>
  openPaths.has(path) ? { owner: openPaths.get(path) } : undefined;

/** Takes a path that is not open. False: it is taken. */
export const takePath = (path: string, owner: string | undefined): boolean => {
  if (openPaths.has(path)) return false;
  openPaths.set(path, owner);
  return true;
};

export const releasePath = (path: string): void => void openPaths.delete(path);

export const identityOf = ({ dev, ino }: { readonly dev: bigint; readonly ino: bigint }): string => `${dev}:${ino}`;

/** Opens a path for `use`, and keeps it open only if that makes an open file of it. */
const openAlone = async (
  path: string,
  owner: string | undefined,
  opening: () => Promise<FileHandle | undefined>,
  use: (handle: FileHandle) => Promise<OpenFile | undefined>,
): Promise<OpenFile | undefined> => {
  if (!takePath(path, owner)) return undefined;
  let handle: FileHandle | undefined;
  let file: OpenFile | undefined;
  try {
    handle = await opening();
    file = handle && (await use(handle));
    return file;
  } finally {
    if (!file) {
      releasePath(path);
      await handle?.close();
    }
  }
};

/** Makes a file; nothing when its name is taken. */
export const createFile = (member: Member, owner: string | undefined): Promise<OpenFile | undefined> =>
  openAlone(
    member.path,
    owner,
    () => unless(EXISTS, open(member.path, NEW, 0o666)),
    async (handle) => ({
      ...member,
      ...{ handle, ageMs: 0, length: 0, synced: 0, placed: false },
      identity: identityOf(await handle.stat({ bigint: true })),
    }),
  );

/** A plain file as it was found. */
export interface FoundFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly identity: string;
  /** Milliseconds since 1970; 0 where the file system does not say. */
  readonly madeMs: number;
}

/**
 * Opens a file that is there; nothing when it is no plain file, has another name as well, may not be opened, or `check` finds
 * it of no use. `check` gives its length in whole frames, after it has repaired it, and its age.
 */
export const openExisting = (
  member: Member,
  owner: string | undefined,
  check: (found: FoundFile) => Promise<Pick<OpenFile, 'length' | 'ageMs' | 'placed'> | undefined>,
): Promise<OpenFile | undefined> =>
  openAlone(
    member.path,
    owner,
    () => unless(NOT_OURS, open(member.path, EXISTING)),
    async (handle) => {
      const stat = await handle.stat({ bigint: true });
      if (!stat.isFile() || stat.nlink !== 1n) return undefined;
      const identity = identityOf(stat);
      const madeMs = Number(stat.birthtimeMs);
      const checked = await check({ handle, size: Number(stat.size), identity, madeMs });
      return checked && { ...member, ...checked, handle, identity, synced: checked.length };
    },
  );

export const closeFile = async ({ handle, path }: OpenFile): Promise<void> => {
  try {
    await handle.close();
  } finally {
    releasePath(path);
  }
};
