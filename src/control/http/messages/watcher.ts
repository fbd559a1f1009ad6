import type { ServerResponse } from 'node:http';
import type { Outcome, Settled } from '../../../model';
import { MessageCursor } from '../../../wire/messageCursor';
import { messageFields } from '../../../wire/messageFields';
import { eventText } from '../audience';
import { Allowance } from './allowance';
import type { Question } from './question';

/** To one client. Text that is escaped may be several times as long as its message. */
const CHARACTERS_PER_SECOND = 1_000_000;
/** While so much waits to be read nothing more is shown. */
const MOST_UNREAD_BYTES = 256 * 1024;

/** What became of the messages of a batch on a stream: of each of them, where it was the same for all. */
const fateOf = ({ delivered, backedUp, deadLettered, dropped, sampledOut }: Outcome): string => {
  const counts = { delivered, backedUp, deadLettered, dropped: dropped.length, sampledOut };
  return Object.entries(counts)
    .flatMap(([fate, count]) => (count > 0 ? [fate] : []))
    .join('|');
};

/** A client that sees messages pass. */
export class Watcher {
  private readonly allowance: Allowance;
  private left: number;
  /** Messages that it did not see since it was told of them last. */
  private unseen = 0;

  constructor(
    private readonly client: ServerResponse,
    private readonly question: Question,
    nowMs: () => number,
  ) {
    this.left = question.limit;
    this.allowance = new Allowance({
      ...{ perSecond: question.rate, charactersPerSecond: CHARACTERS_PER_SECOND, nowMs },
    });
  }

  /** Whether it has seen as many as it wanted. */
  get isDone(): boolean {
    return this.left === 0;
  }

  /** Shows the first messages of a batch, as many as it may see. */
  see({ batch, outcomes }: Settled): void {
    const { buckets, bytes: mostBytes } = this.question;
    if (buckets.size > 0 && !buckets.has(batch.bucket)) return;
    this.unseen += batch.count;
    if (!this.maySee()) return;
    const streams = Object.fromEntries(outcomes.map((outcome) => [outcome.stream, fateOf(outcome)]));
    for (const { bytes, arrivedMs } of batch.frames) {
      const cursor = new MessageCursor(bytes);
      while (cursor.next()) {
        const characters = this.write('message', { ...messageFields(bytes, cursor, arrivedMs, mostBytes), streams });
        this.allowance.take(characters);
        this.left -= 1;
        this.unseen -= 1;
        if (!this.maySee()) return;
      }
    }
  }

  /** Tells how many messages it has not seen, which also says that the daemon is there. */
  tell(): void {
    if (this.isSlow()) return;
    this.write('passed', { count: this.unseen });
    this.unseen = 0;
  }

  /** Says why nothing more comes. */
  end(event: 'end' | 'stop'): void {
    this.write(event, { count: this.unseen });
    this.client.end();
  }

  private maySee(): boolean {
    return this.left > 0 && !this.isSlow() && this.allowance.isLeft;
  }

  private isSlow(): boolean {
    return this.client.writableLength > MOST_UNREAD_BYTES;
  }

  private write(event: string, data: object): number {
    const text = eventText(event, data);
    this.client.write(text);
    return text.length;
  }
}
