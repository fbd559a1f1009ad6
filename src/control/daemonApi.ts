import type { Observable } from 'rxjs';
import type { Environment } from '../config/env';
import type { Env, LedgerRow, Settled, SinkKind, Source } from '../model';
import type { Reloaded } from '../pipelines/streams';

/** What of a daemon's environment its program may give. */
export type GivenEnv = Partial<Pick<Env, 'hostname' | 'now' | 'random' | 'scheduler'>>;

/** Where the messages are that were accepted and not settled. */
export interface Ended {
  /** Messages in the spool, for the next start: counted for each stream, those of open batches once. */
  readonly spooled: number;
  /** Messages that are nowhere. */
  readonly lost: number;
}

export interface CreateDaemonOptions {
  /**
   * The path of a `buckets.json`, or what would stand in one. Paths of modules in it count from its folder, or from the working directory.
   */
  readonly config: string | object;
  /**
   * Variables as the command reads them, `SOCKET`, `SPOOL` and `MAXMEMORY` among them, and those that `config` names. What is not here
   * has its default: the environment of the process is not read. `BUCKETS_FILE` has no effect, and `HTTP` is refused: only the command
   * serves it.
   */
  readonly environment?: Environment;
  /** Kinds of sink by the `type` of a stream. Default: {@link sinks}; give `{ ...sinks, mine }` to add one. */
  readonly sinks?: Readonly<Record<string, SinkKind>>;
  /** Where connections come from. Default: what `SOCKET` says. */
  readonly sources?: readonly Source[];
  /**
   * What it takes from outside. Defaults: a log of JSON lines on standard output, from `LOG_LEVEL` on (one that is given gets the lines of
   * every level); the clock, timers, chance and name of this host.
   */
  readonly env?: GivenEnv & Partial<Pick<Env, 'log'>>;
  /**
   * Bytes of the resident set of the process, which `MAXMEMORY` bounds: all of it, what is not the daemon's included. Default: what Linux
   * says; elsewhere nobody looks, and only what is held is bounded.
   */
  readonly memory?: () => number;
  /**
   * Whether the daemon may tell V8 how the heap grows and when to collect, as the command does: it takes less CPU under load and keeps to
   * `MAXMEMORY` better, but that is one setting of the whole process. Default: false.
   */
  readonly tunesHeap?: boolean;
}

/** A daemon inside a program. */
export interface Daemon {
  /**
   * Opens the streams, listens, and delivers until it is stopped, which is when it resolves. Called again it gives the same promise.
   *
   * Errors: {@link DaemonFailure}, of every reason but `configuration` and `notRunning`.
   */
  readonly run: () => Promise<Ended>;
  /**
   * Takes no more connections, reads what clients have sent, and delivers it: within `DRAIN_TIMEOUT`, then what is left goes to the
   * backups, else to the spool. Resolves when that is done, whatever became of it: {@link run} tells. May be called any number of times,
   * and before `run`, which then ends at once.
   */
  readonly stop: () => Promise<void>;
  /**
   * Resolves when every stream is open, what `SOCKET` names is listened on, and sources of your own are asked for connections. Rejects as
   * `run` does where it ends before; nobody needs to look.
   */
  readonly listening: Promise<void>;
  /** The books, as they are now: a row for each bucket and stream. */
  readonly rows: () => readonly LedgerRow[];
  /**
   * What has settled, batch by batch, from the subscription on. Its bytes are used again once the subscriber returns: copy what you keep.
   * Completes when the daemon has ended; never fails.
   *
   *     messages  -ab-c-d--------|
   *     settled$  ------(abc)--d-|
   */
  readonly settled$: Observable<Settled>;
  /**
   * Takes a changed configuration, all of it or nothing; streams that are the same in both go on untouched. Resolves when those that are
   * replaced have closed. Variables are those that were given at first.
   *
   * @param config default: what was given at first, a file being read again
   *
   * Errors: {@link DaemonFailure} `configuration`, `open`, `unexpected` (a module of yours threw), `notRunning`. What runs goes on.
   */
  readonly reload: (config?: string | object) => Promise<Reloaded>;
  /**
   * Writes all that is accepted and not settled to the spool, now and without waiting: for the last moment of a process that cannot go on,
   * after an uncaught exception say. The next daemon with this `SPOOL` delivers it. End the process then: what it would still deliver is
   * delivered twice. Called again it does nothing more. Never throws.
   *
   * @param cause for the log
   */
  readonly spill: (cause?: unknown) => Ended;
}
