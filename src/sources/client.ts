import { Observable, type Subscriber } from 'rxjs';
import type { Answers, Connection } from '../model';
import type { Channel, Listener } from './channel';
import { Unread, type AllUnread } from './unread';

/** A client is not read while it waits for so many answers, or has so many bytes of them to read. */
const MOST_OWED = 1_000;
const MOST_UNREAD_BYTES = 64 * 1024;

const NO_BYTES = Buffer.alloc(0);

/** Who has a say in whether a client is read, and is told of its end. */
export interface Host {
  readonly unread: AllUnread;
  mayRead(id: number): boolean;
  /** It is read to its end, and answers are owed. */
  leaving(): void;
  /** It is closed. */
  closed(id: number): void;
  /** It reads none of its answers, while all clients together leave too many unread. */
  gaveUp(id: number): void;
}

/** One open connection: `attach`ed to who reads it, read until it ends, closed when it is answered. */
export class Client implements Connection, Listener, Answers {
  /** Chunks read. */
  reads = 0;
  /** Nothing more is read; where answers are owed it is still open. */
  ended = false;
  readonly chunks$: Observable<Buffer>;
  private subscriber: Subscriber<Buffer> | undefined;
  private closed = false;
  private owed = 0;
  private unread: Unread | undefined;
  /** Whether its answers keep it from being read. */
  private isBehind = false;

  constructor(
    readonly id: number,
    private readonly channel: Channel,
    private readonly host: Host,
  ) {
    this.chunks$ = new Observable((subscriber) => {
      this.attach(subscriber);
      return () => {
        // Where it has ended, what completed it decides.
        if (this.subscriber) this.close();
      };
    });
  }

  get answers(): Answers {
    return this;
  }

  get isWaiting(): boolean {
    return this.owed >= MOST_OWED;
  }

  /** Reads on or stops, as it may now; before anyone listens nothing is read. */
  review(): void {
    if (!this.subscriber) return;
    if (this.mayRead) this.channel.resume();
    else this.channel.pause();
  }

  bytes(chunk: Buffer): void {
    this.reads += 1;
    this.subscriber?.next(chunk);
    // What it brought may have shown that it is one of those that wait.
    if (this.subscriber && !this.mayRead) this.channel.pause();
  }

  owe(): void {
    this.owed += 1;
    this.weigh();
  }

  send(answer: Buffer): void {
    this.owed -= 1;
    if (this.closed) return;
    this.unread ??= new Unread(this.channel, this.host.unread, (isThere) => this.written(isThere));
    if (this.unread.add(answer)) this.weigh();
    else {
      this.host.gaveUp(this.id);
      this.close();
    }
  }

  /** Nothing more is read: its client has said so, or its time is over. It is closed, or will be when it is answered. Called again: at once. */
  end(): void {
    if (this.ended || this.isDone) {
      this.close();
      return;
    }
    this.ended = true;
    this.channel.pause();
    this.complete();
    this.host.leaving();
    this.look();
  }

  /** Closes it where its client has gone, which an end of stream does not tell from one that waits for answers. */
  look(): void {
    if (!this.closed && this.unreadBytes === 0)
      this.channel.write(NO_BYTES, (isThere) => {
        if (!isThere) this.close();
      });
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.ended = true;
    // The channel outlives its connection for a while; what listened to it must not.
    this.unread?.forget();
    this.host.closed(this.id);
    this.channel.close();
    this.complete();
  }

  private get unreadBytes(): number {
    return this.unread?.bytes ?? 0;
  }

  private get isDone(): boolean {
    return this.owed === 0 && this.unreadBytes === 0;
  }

  private get mayRead(): boolean {
    return !this.isBehind && this.host.mayRead(this.id);
  }

  private weigh(): void {
    const isBehind = this.isWaiting || this.unreadBytes >= MOST_UNREAD_BYTES;
    if (isBehind === this.isBehind) return;
    this.isBehind = isBehind;
    this.review();
  }

  private written(isThere: boolean): void {
    if (!isThere || (this.ended && this.isDone)) this.close();
    else this.weigh();
  }

  private complete(): void {
    const { subscriber } = this;
    this.subscriber = undefined;
    subscriber?.complete();
  }

  private attach(subscriber: Subscriber<Buffer>): void {
    if (this.ended) {
      subscriber.complete();
      return;
    }
    this.subscriber = subscriber;
    this.channel.listen(this);
    this.review();
  }
}
