import type { Synced } from '../../model';

/**
 * What became of messages, the worst first: `dropped` some of them; `unknown` for some of them, since the connection was lost or no
 * answer came in time; `backed_up`, some of them are in a backup or dead letter; `delivered`, all of them.
 */
export type SyncStatus = 'dropped' | 'unknown' | 'backed_up' | 'delivered';

const STATUSES: readonly SyncStatus[] = ['delivered', 'backed_up', 'unknown', 'dropped'];
const BY_STATUS: readonly SyncStatus[] = ['delivered', 'backed_up', 'dropped'];

/** What became of all messages since the result before it. */
export interface SyncResult {
  readonly status: SyncStatus;
  readonly messages: number;
}

const NOTHING: SyncResult = { status: 'delivered', messages: 0 };

const join = (one: SyncResult, other: SyncResult): SyncResult => ({
  status: STATUSES.indexOf(one.status) > STATUSES.indexOf(other.status) ? one.status : other.status,
  messages: one.messages + other.messages,
});

/** Told of a result; false: nobody waits for it any more. */
export type Answer = (result: SyncResult) => boolean;

/** What becomes of messages, from one connection to the next. */
export class Syncs {
  /** Written on this connection since the last sync. */
  private messages = 0;
  /** What is known of messages that no result has told of. */
  private before = NOTHING;

  written(messages: number): void {
    this.messages += messages;
  }

  /** A sync was written. Returns who is to be told what the daemon answers; undefined: the connection is lost. */
  asked(answer: Answer): (synced: Synced | undefined) => void {
    const { messages } = this;
    this.messages = 0;
    return (synced) =>
      this.tell(
        answer,
        synced
          ? { status: BY_STATUS[synced.status] ?? 'unknown', messages: synced.messages }
          : { status: 'unknown', messages },
      );
  }

  /** The connection is lost, and those who asked have been told: what was written on it since may have been read or not. */
  lost(): void {
    if (this.messages > 0) this.before = join(this.before, { status: 'unknown', messages: this.messages });
    this.messages = 0;
  }

  private tell(answer: Answer, result: SyncResult): void {
    const all = join(this.before, result);
    this.before = answer(all) ? NOTHING : all;
  }
}
