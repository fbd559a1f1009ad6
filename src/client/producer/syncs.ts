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

interface Asked {
  readonly token: number;
  /** False: nobody waits for it any more. */
  readonly answer: (result: SyncResult) => boolean;
  /** Written since the sync before it. */
  readonly messages: number;
}

/** Which messages were written on this connection, and which syncs wait for their answers. */
export class Syncs {
  private readonly asked: Asked[] = [];
  /** Written since the last sync. */
  private messages = 0;
  /** What is known of messages that no result has told of. */
  private before = NOTHING;

  get areWaiting(): boolean {
    return this.asked.length > 0;
  }

  written(messages: number): void {
    this.messages += messages;
  }

  /** A sync was written. */
  ask(token: number, answer: Asked['answer']): void {
    this.asked.push({ token, answer, messages: this.messages });
    this.messages = 0;
  }

  /** False: this is the answer to nothing that was asked. */
  answered({ token, status, messages }: Synced): boolean {
    const [asked] = this.asked;
    if (asked?.token !== token) return false;
    this.asked.shift();
    this.tell(asked, { status: BY_STATUS[status] ?? 'unknown', messages });
    return true;
  }

  /** The connection is lost: what was written on it may have been read or not. */
  lost(): void {
    for (const asked of this.asked.splice(0)) this.tell(asked, { status: 'unknown', messages: asked.messages });
    if (this.messages > 0) this.before = join(this.before, { status: 'unknown', messages: this.messages });
    this.messages = 0;
  }

  private tell({ answer }: Asked, result: SyncResult): void {
    const all = join(this.before, result);
    this.before = answer(all) ? NOTHING : all;
  }
}
