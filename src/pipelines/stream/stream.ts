/** What a stream is, before it is open and then. */
import type { Task } from 'fp-ts/Task';
import type { Observable } from 'rxjs';
import type { StreamConfig } from '../../config/buckets';
import type { CheckedSink, Deliver, Env } from '../../model';
import type { PlannedOperator } from '../checkParts';
import type { Policy } from '../policy';
import type { DrainPlace, ReplayParts } from '../replay/streamReplay';

/** A stream whose settings passed their checks. */
export interface StreamPlan {
  readonly config: StreamConfig;
  readonly primary: CheckedSink;
  readonly backup: CheckedSink | undefined;
  readonly deadLetter: CheckedSink | undefined;
  /** What its messages pass before it gets them. */
  readonly operators: readonly PlannedOperator[];
}

/** A stream that takes batches. */
export interface OpenStream {
  readonly plan: StreamPlan;
  /**
   * The way into it for what passes `operators`, those of a bucket, before its own. They are opened for this way alone.
   *
   * @throws where one of them does not open
   */
  readonly through: (operators: readonly PlannedOperator[]) => Deliver;
  /** One more bucket may bring batches; returns how to say that it brings no more. */
  readonly join: () => () => void;
  /** Sends on what the stream has in store, until it is stopped or retires. Never fails. */
  readonly replay: (parts: ReplayParts) => Observable<never>;
  /** The end of a drain: in its spool nothing more is begun, and what is being written there is waited for. */
  readonly endSpool: Task<unknown>;
  /** Closes its sinks, after the last write has ended. */
  readonly close: Task<unknown>;
  /**
   * Closes it when all that it was given has settled. After `waitMs` its sinks are told to give up, as at a stop: what they do not
   * take then is kept in its spool.
   */
  readonly retire: (waitMs: number) => Promise<void>;
}

/** What all streams are opened with. */
export interface StreamParts {
  readonly env: Env;
  /** Ends all attempts when it emits; it must replay. */
  readonly giveUp$: Observable<unknown>;
  readonly place: DrainPlace;
  /** How many streams there are now. */
  readonly streams: () => number;
}

/** When a stream that takes the place of others may begin. */
export interface Turn {
  /** Nothing is written before it has resolved. */
  readonly after: Promise<unknown>;
  /** Whether it needs what they hold, so that even its sinks are opened only then. */
  readonly clashes: boolean;
}

/** The sinks of a stream, open, and its ways through them. */
export interface Ways extends Pick<OpenStream, 'replay' | 'close'>, Pick<Policy, 'write' | 'poison'> {}
