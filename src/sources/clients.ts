import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Observable, type Subscriber } from 'rxjs';
import type { Connection } from '../model';
import type { Channel, Listener } from './channel';

/** A client that brings nothing for this long has sent what it had. */
const QUIET_MS = 10;

/** Lets `QUIET_MS` pass and at least one whole turn of the event loop, so that what the kernel holds has been delivered. */
export const quietTurn = async (): Promise<void> => {
  await sleep(QUIET_MS);
  await nextTurn();
};

class Client implements Connection, Listener {
  /** Chunks read. */
  reads = 0;
  readonly chunks$: Observable<Buffer>;
  private subscriber: Subscriber<Buffer> | undefined;
  private closed = false;

  constructor(
    readonly id: number,
    private readonly channel: Channel,
    private readonly clients: Clients,
  ) {
    this.chunks$ = new Observable((subscriber) => {
      this.attach(subscriber);
      return () => this.end();
    });
  }

  /** Goes on or stops reading; before anyone listens nothing is read. */
  read(allowed: boolean): void {
    if (!this.subscriber) return;
    if (allowed) this.channel.resume();
    else this.channel.pause();
  }

  bytes(chunk: Buffer): void {
    this.reads += 1;
    this.subscriber?.next(chunk);
    // What it brought may have shown that it is one of those that wait.
    if (!this.clients.mayRead(this.id)) this.read(false);
  }

  /** Closes the connection. Nothing is answered yet, so a client that has closed its side is done with. */
  end(): void {
    const { subscriber } = this;
    if (this.closed) return;
    this.closed = true;
    // The channel outlives its connection for a while; what listened to it must not.
    this.subscriber = undefined;
    this.clients.remove(this.id);
    this.channel.close();
    subscriber?.complete();
  }

  private attach(subscriber: Subscriber<Buffer>): void {
    if (this.closed) {
      subscriber.complete();
      return;
    }
    this.subscriber = subscriber;
    this.channel.listen(this);
    this.read(this.clients.mayRead(this.id));
  }
}

/** The open connections of a source: who of them is read, and how they end. */
export class Clients {
  private readonly open = new Map<number, Client>();
  private lastId = 0;
  mayRead: (connection: number) => boolean = () => true;

  /** Connections that are open. */
  get count(): number {
    return this.open.size;
  }

  add(channel: Channel): Connection {
    this.lastId += 1;
    const client = new Client(this.lastId, channel, this);
    this.open.set(client.id, client);
    return client;
  }

  remove(id: number): void {
    this.open.delete(id);
  }

  /** Reads from now on those that `mayRead` allows. */
  allow(mayRead: (connection: number) => boolean): void {
    this.mayRead = mayRead;
    for (const client of this.open.values()) client.read(mayRead(client.id));
  }

  /** Closes each client that has nothing more to read; after `ms` those too that still send or may not be read. */
  async drain(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    while (this.open.size > 0 && performance.now() < deadline) {
      const reads = new Map([...this.open.values()].map((client) => [client, client.reads]));
      await quietTurn();
      for (const [client, before] of reads) if (client.reads === before && this.mayRead(client.id)) client.end();
    }
    this.closeAll();
  }

  closeAll(): void {
    for (const client of this.open.values()) client.end();
  }
}
