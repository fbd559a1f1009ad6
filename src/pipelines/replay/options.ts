import type { Observable, ObservableInput } from 'rxjs';
import type { Env, Health, SpoolFile, Write } from '../../model';
import type { Order } from '../../operators/order';
import type { WindowReader } from './replayFile';

/** As a sink's `Spool`, of promises or of anything else that rxjs takes. */
export interface ReplaySpool {
  readonly files: (closes: (bucket: string) => boolean) => ObservableInput<readonly SpoolFile[]>;
}

/** As a `SpoolReader`. */
export interface ReplayReader extends WindowReader {
  readonly remove: () => ObservableInput<unknown>;
  readonly close: (settled?: boolean) => ObservableInput<unknown>;
}

/** What sending on needs of the disk. */
export interface ReplayFiles {
  /** Opens a closed file where an earlier process left off. Fails where another process is sending it. */
  readonly open: (path: string) => ObservableInput<ReplayReader>;
  /** Counts the messages of a file that are still to go, by bucket. */
  readonly count: (path: string) => ObservableInput<ReadonlyMap<string, number>>;
}

/** What a stream's policy tells of its primary. */
export interface Primary {
  /** Through the same breakers as live traffic, and never to the backup again. */
  readonly write: Write;
  readonly health$: Observable<Health>;
  /** Whether the stream's breaker lets nothing through but a probe. */
  readonly isOpen: () => boolean;
  /** Emits when the primary, or one of its topics, may take messages again. */
  readonly returned$: Observable<unknown>;
  /** Emits when something was written to the backup or the spool. */
  readonly backedUp$: Observable<unknown>;
  /** Where the order of a bucket holds across an outage. */
  readonly order: Order | undefined;
}

/** What stands in the books already of the files that are found. */
export interface Booked {
  /** Files whose messages were counted. */
  readonly paths: Set<string>;
  /** What was made since then, in milliseconds since 1970, was booked as it was written. */
  readonly fromMs: number;
}

export interface ReplayOptions {
  readonly stream: string;
  /** What the backup has taken. */
  readonly backup: ReplaySpool | undefined;
  /** What a drain or a crash has left, in a folder that other processes may hold. */
  readonly drain: ReplaySpool | undefined;
  readonly primary: Primary;
  readonly files: ReplayFiles;
  /** Default: nothing. */
  readonly booked?: Booked;
  /** The share of the time that sending on takes, above 0, at most 1. */
  readonly rate: number;
  /** How often it is tried while something is left, jittered by a fifth. */
  readonly retryMs: number;
  /** Emits when `drain` is this process's; it is not looked at before. */
  readonly owned$: Observable<unknown>;
  /** Whether there is anything in `drain`, whoever holds it. */
  readonly drainExists: () => ObservableInput<boolean>;
  /** Nothing is begun after it has emitted; it must replay. */
  readonly stop$: Observable<unknown>;
  /** What is under way fails promptly when it emits; it must replay. */
  readonly giveUp$: Observable<unknown>;
  readonly env: Pick<Env, 'held' | 'ledger' | 'log' | 'random' | 'scheduler'>;
}
