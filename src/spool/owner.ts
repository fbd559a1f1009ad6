import { readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Task } from 'fp-ts/Task';
import { defer, EMPTY, expand, filter, map, shareReplay, switchMap, take, timer, type Observable } from 'rxjs';
import type { Env } from '../model';
import { EXISTS, failedWith, GONE, unless } from '../wire/systemErrors';
import { isRunning, thisProcess, type ProcessIdentity } from './processes';

/** Which of several processes with one `SPOOL` takes up what lies there. */
export interface SpoolOwner {
  /**
   * Emits once this process holds the spool, and completes: at once where no living process does. A folder that is not there
   * has nothing to take up; it is looked for now and then. Never fails.
   */
  readonly owned$: Observable<void>;
  /** Makes the folder, for who is about to write there, and holds it where no other living process does. Never fails. */
  readonly claim: Task<void>;
  /** Lets the next process have it. At once, since it is the last thing that a process does; never throws. */
  readonly release: () => void;
}

/** So often the end of the process that holds the spool is looked for. */
const HELD_MS = 1_000;
/** So often a folder is looked for that is not there. */
const MISSING_MS = 10_000;
/** Taking the spool over is a matter of milliseconds; a lock of this age is what a killed process left. */
const STALE_LOCK_MS = 10_000;

const OWNER = 'owner';

/** Not empty: what lies there is for the next process. Gone: so much the better. */
const LET_GO: ReadonlySet<string> = new Set(['ENOTEMPTY', 'ENOENT']);

type Found = 'ours' | 'missing' | 'busy' | { readonly holder: ProcessIdentity };

const identityOf = (text: string): ProcessIdentity | undefined => {
  try {
    const { pid, started } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return typeof pid === 'number' && typeof started === 'string' ? { pid, started } : undefined;
  } catch {
    return undefined;
  }
};

/** The living process that a file names. */
const namedIn = async (path: string): Promise<ProcessIdentity | undefined> => {
  const text = await unless(GONE, readFile(path, 'utf8'));
  const named = text === undefined ? undefined : identityOf(text);
  return named && (await isRunning(named)) ? named : undefined;
};

/** The living process that holds the spool in `folder`. Rejects where this user may not look. */
export const ownerOf = (folder: string): Promise<ProcessIdentity | undefined> => namedIn(join(folder, OWNER));

/** Removes a lock that nobody holds any more; one that is being written is young. */
const removeStale = async (lock: string, nowMs: number): Promise<void> => {
  const found = await unless(GONE, stat(lock));
  if (found && nowMs - found.mtimeMs > STALE_LOCK_MS && !(await namedIn(lock))) await rm(lock, { force: true });
};

/** Takes the spool unless a living process has it; under a lock, so that of several that try only one does. */
const hold = async (folder: string, own: ProcessIdentity, nowMs: number): Promise<Found> => {
  const [owner, lock] = [join(folder, OWNER), join(folder, `${OWNER}.lock`)];
  const text = `${JSON.stringify(own)}\n`;
  try {
    await writeFile(lock, text, { flag: 'wx' });
  } catch (error) {
    if (failedWith(GONE, error)) return 'missing';
    if (!failedWith(EXISTS, error)) {
      // Made, but not written: the disk is full.
      await rm(lock, { force: true });
      throw error;
    }
    await removeStale(lock, nowMs);
    return 'busy';
  }
  try {
    const holder = await namedIn(owner);
    if (holder) return holder.pid === own.pid ? 'ours' : { holder };
    await writeFile(`${owner}.new`, text);
    await rename(`${owner}.new`, owner);
    return 'ours';
  } finally {
    await rm(lock, { force: true });
  }
};

/** Removes what names this process, and the folder where this process made it and it is empty again. */
const letGo = (folder: string, own: ProcessIdentity, made: boolean): void => {
  const owner = join(folder, OWNER);
  const named = identityOf(readFileSync(owner, 'utf8'));
  if (named?.pid !== own.pid || named.started !== own.started) return;
  unlinkSync(owner);
  if (made) rmdirSync(folder);
};

/** The owner of the spool in `folder`, which is an absolute path. */
export const createSpoolOwner = (
  folder: string,
  { log, now, scheduler }: Pick<Env, 'log' | 'now' | 'scheduler'>,
): SpoolOwner => {
  let held: ProcessIdentity | undefined;
  let made = false;
  let told = false;

  const look = async (): Promise<Found> => {
    const own = await thisProcess();
    // Where processes cannot be told apart none is waited for.
    if (!own) return 'ours';
    try {
      const found = await hold(folder, own, now());
      if (found === 'ours') held = own;
      else if (typeof found === 'object' && !told) {
        told = true;
        log.info('spool: another process holds it; what lies there waits for its end', { folder, ...found.holder });
      }
      return found;
    } catch (error) {
      log.error('spool: it cannot be taken, tried again', { folder, cause: String(error) });
      return 'busy';
    }
  };

  return {
    owned$: defer(look).pipe(
      expand((found) =>
        found === 'ours' ? EMPTY : timer(found === 'missing' ? MISSING_MS : HELD_MS, scheduler).pipe(switchMap(look)),
      ),
      filter((found) => found === 'ours'),
      take(1),
      map(() => undefined),
      shareReplay({ bufferSize: 1, refCount: true }),
    ),
    claim: async () => {
      try {
        made = (await mkdir(folder, { recursive: true })) !== undefined || made;
        await look();
      } catch (error) {
        log.error('spool: its folder cannot be made', { folder, cause: String(error) });
      }
    },
    release: () => {
      try {
        if (held) letGo(folder, held, made);
      } catch (error) {
        if (!failedWith(LET_GO, error)) log.warn('spool: it cannot be let go', { folder, cause: String(error) });
      }
      held = undefined;
    },
  };
};
