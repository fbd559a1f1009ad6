import * as E from 'fp-ts/Either';
import { join } from 'node:path';
import type { Task } from 'fp-ts/Task';
import type { TaskEither } from 'fp-ts/TaskEither';
import { BehaviorSubject, filter, merge, type Observable, type ObservableInput } from 'rxjs';
import type { StreamConfig } from '../../config/buckets';
import type { Env, OpenError, Sink, SinkKind } from '../../model';
import { refuse } from '../../operators/refuse';
import { safeName } from '../../wire/safeName';
import { lazySink, type LazySink } from './lazySink';
import { replay } from './replay';
import type { Booked, Primary, ReplayFiles } from './options';

/** What sending on needs from outside. */
export interface ReplayParts extends ReplayFiles {
  /** Whether there is such a folder. */
  readonly exists: (path: string) => ObservableInput<boolean>;
  /** Emits when the spool is this process's. */
  readonly owned$: Observable<unknown>;
  /** Nothing is begun after it has emitted; it must replay. */
  readonly stop$: Observable<unknown>;
}

/**
 * What a drain or a crash leaves of a stream, for the next start. Its `close` gives up what it has not begun to write, and waits
 * for what it has; it may be called again.
 */
export interface Drain extends LazySink {
  readonly path: string;
}

/** The folder of what a stream has neither delivered nor backed up. */
export const drainFolder = (spool: string, stream: string): string => join(spool, 'streams', safeName(stream));

/** Where there is no backup to say so. */
const RATE = 0.25;

/** Files that are as many as they need to be: what they hold lies nowhere else. */
const settingsOf = (path: string): object => ({
  path,
  fileNameTemplate: '{ts}.frames',
  fsync: 'batch',
  maxFiles: 1_000_000_000,
});

/** Where drains lie, and how files are written there. */
export interface DrainPlace {
  readonly spool: string | undefined;
  /** Says that this process writes to the spool. */
  readonly claim: Task<void>;
  readonly file: SinkKind | undefined;
}

/** The folder of a stream below the spool; nothing where there is no kind of sink that writes files. */
export const openDrain = (
  { spool, claim, file }: DrainPlace,
  { id, emptyKey }: Pick<StreamConfig, 'id' | 'emptyKey'>,
  env: Env,
): Drain | undefined => {
  if (spool === undefined || !file) return undefined;
  const path = drainFolder(spool, id);
  const checked = file(settingsOf(path), 'SPOOL');
  if (E.isLeft(checked)) return undefined;
  const name = `${id}.spool`;
  const open: TaskEither<OpenError, Sink> = async () => {
    await claim();
    return checked.right.open({ ...env, name }, { emptyKey, handOverMs: undefined, spools: true })();
  };
  const { write, spool: files, close } = lazySink(name, open);
  const closing$ = new BehaviorSubject(false);
  let closed: Promise<void> | undefined;
  return {
    path,
    write: (batch, giveUp$) =>
      closing$.value
        ? refuse(name, batch, { kind: 'gave_up', message: `${path}: the spool is closed` })
        : write(batch, merge(giveUp$, closing$.pipe(filter(Boolean)))),
    spool: files,
    close: () => {
      // What is queued must not be written after all: by now others may write it.
      closing$.next(true);
      return (closed ??= close());
    },
  };
};

export interface StreamReplayOptions {
  readonly config: Pick<StreamConfig, 'id' | 'backup' | 'failover'>;
  readonly backup: Sink | undefined;
  readonly drain: Drain | undefined;
  readonly booked: Booked;
  readonly primary: Primary;
  readonly giveUp$: Observable<unknown>;
  readonly env: Env;
}

/** Sends on what the stream's backup keeps for it, where it is to, and what a drain or a crash has left. */
export const streamReplay =
  ({
    config: { id, backup: configured, failover },
    backup,
    drain,
    booked,
    primary,
    giveUp$,
    env,
  }: StreamReplayOptions) =>
  ({ open, count, exists, owned$, stop$ }: ReplayParts): Observable<never> =>
    replay({
      stream: id,
      backup: backup?.spool,
      drain: drain?.spool,
      drainExists: () => (drain ? exists(drain.path) : [false]),
      primary,
      booked,
      files: { open, count },
      // In order, nothing of a bucket goes to the primary before it is caught up with.
      rate: configured?.replay === 'ordered' ? 1 : (configured?.replayRate ?? RATE),
      retryMs: failover.retryMs,
      owned$,
      stop$,
      giveUp$,
      env,
    });
