import type { TaskEither } from 'fp-ts/TaskEither';
import * as TE from 'fp-ts/TaskEither';
import { identity } from 'fp-ts/function';
import type { Env, Ledger, Log } from '../model';
import type { StreamPlan } from '../pipelines/stream/stream';
import type { MemoryMarks } from './held';
import type { ReloadCounts } from './reload';
import type { WatchedSinks } from './status/watchSinks';

/** The daemon, as far as somebody may ask about it. */
export interface Monitored {
  readonly version: string;
  readonly pid: number;
  readonly hostname: string;
  /** The socket that clients write to. */
  readonly socket: string;
  readonly env: Pick<Env, 'held' | 'ledger' | 'log' | 'now'>;
  readonly marks: Pick<MemoryMarks, 'max' | 'high'>;
  /** Bytes of the resident set. */
  readonly memory: () => number;
  /** Those of the running configuration. */
  readonly streams: () => readonly StreamPlan[];
  readonly sinks: WatchedSinks;
  readonly reloads: () => ReloadCounts;
  /** Where the files of the status page are. */
  readonly pageFolder: string;
}

/** Why nothing is served, in a line for people. */
export type ServeError = string;

/** Watches the daemon for those who ask about it over HTTP. */
export interface Monitor {
  /** Remembers the last warnings and errors of what goes through it. */
  readonly log: (log: Log) => Log;
  /** Sees what settles, batch by batch. */
  readonly ledger: (ledger: Ledger) => Ledger;
  /** Connections are accepted from now on; `open` counts them. */
  readonly listening: (open: () => number) => void;
  /** The daemon stops. */
  readonly stopping: () => void;
  /** Answers requests from now on, until what it returns is called. */
  readonly serve: (daemon: Monitored) => TaskEither<ServeError, () => Promise<void>>;
}

/** Nobody may ask. */
export const unmonitored: Monitor = {
  log: identity,
  ledger: identity,
  listening: () => undefined,
  stopping: () => undefined,
  serve: () => TE.right(() => Promise.resolve()),
};
