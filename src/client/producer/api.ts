import type { RecordOptions } from '../../wire/record';
import type { ConnectionError } from '../connect';
import type { SyncResult } from './syncs';

export interface ProducerOptions {
  /** Where the daemon listens: a path, or `tcp://127.0.0.1:9410`. Default `/tmp/kahego.sock`. */
  readonly socket?: string;
  /** A longer frame is refused, as the daemon does (`MAX_FRAME`). Default 8 MB. */
  readonly maxFrameBytes?: number;
  /** Bytes that may wait while the daemon is away or does not read; what is more is refused. Default 16 MB. */
  readonly maxQueueBytes?: number;
  /** After a connection is lost: first so long, then twice as long each time. Default 50 ms, at most 5,000. */
  readonly reconnectMs?: { readonly first: number; readonly most: number };
  /** Told of every connection that is lost or does not come about; messages wait for the next. Default: nobody. */
  readonly onError?: (error: ConnectionError) => void;
}

/** What a message may say beside itself. */
export type MessageOptions = RecordOptions;

/** What has become of messages up to now. */
export interface ProducerCounts {
  /** Taken by the system's socket. */
  readonly written: number;
  /** Of these, written once more since the connection broke in the middle: the daemon may have them twice. */
  readonly rewritten: number;
  /** Refused: the queue was full, or they do not fit a frame. */
  readonly refused: number;
  readonly waitingBytes: number;
  readonly connections: number;
}

export interface Producer {
  /**
   * Sends a message, in order with the others. Resolves when the system has taken it: with `await` before the next one a program goes
   * as fast as the daemon reads. What the daemon does with it, {@link Producer.sync} tells.
   *
   * @throws RangeError where bucket, key or headers do not fit a frame · QueueFullError · ClosedError
   */
  readonly send: (bucket: string, message: Uint8Array | string | null, options?: MessageOptions) => Promise<void>;
  /**
   * Resolves with what became of all messages since the last result, when all of them are settled; where the connection was lost, that
   * is `unknown`.
   *
   *     send   a b - - c
   *     sync   - - s - - s
   *     result - - - -(ab) -(c)
   *
   * @throws TimeoutError after `timeoutMs` (default 10,000); the next result covers these messages too · QueueFullError · ClosedError
   */
  readonly sync: (timeoutMs?: number) => Promise<SyncResult>;
  /**
   * Resolves when the system has taken all that was sent, and lets go of the connection. Nothing can be sent any more. Called again, it
   * ends as the first call does.
   *
   * @throws TimeoutError where that is not so within `timeoutMs` (default 5,000); what waits is lost then, and its promises reject
   */
  readonly close: (timeoutMs?: number) => Promise<void>;
  readonly counts: () => ProducerCounts;
}
