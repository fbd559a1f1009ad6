import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { Observable, type Subscriber } from 'rxjs';
import type { Connection, Log } from '../model';
import { onRead } from './sharedReads';

/** A client that brings nothing for this long has sent what it had. */
const QUIET_MS = 10;

/** Lets `QUIET_MS` pass and at least one whole turn of the event loop, so that what the kernel holds has been delivered. */
export const quietTurn = async (): Promise<void> => {
  await sleep(QUIET_MS);
  await nextTurn();
};

class Client implements Connection {
  /** Chunks read. */
  reads = 0;
  readonly chunks$: Observable<Buffer>;
  private subscriber: Subscriber<Buffer> | undefined;
  private closed = false;

  constructor(
    readonly id: number,
    private readonly socket: Socket,
    private readonly clients: Clients,
  ) {
    this.chunks$ = new Observable((subscriber) => {
      this.attach(subscriber);
      return () => this.close();
    });
  }

  /** Goes on or stops reading; before anyone listens nothing is read. */
  read(allowed: boolean): void {
    if (!this.subscriber) return;
    if (allowed) this.socket.resume();
    else this.socket.pause();
  }

  close(): void {
    const { subscriber } = this;
    if (this.closed) return;
    this.closed = true;
    // The socket outlives its connection for a while; what listened to it must not.
    this.subscriber = undefined;
    this.clients.remove(this.id);
    this.socket.destroy();
    subscriber?.complete();
  }

  private attach(subscriber: Subscriber<Buffer>): void {
    if (this.closed) {
      subscriber.complete();
      return;
    }
    this.subscriber = subscriber;
    const close = (): void => this.close();
    onRead(this.socket, (chunk) => {
      this.reads += 1;
      this.subscriber?.next(chunk);
      // What it brought may have shown that it is one of those that wait.
      if (!this.clients.mayRead(this.id)) this.read(false);
    });
    this.socket
      // Nothing is answered yet, so a client that has closed its side is done with.
      .on('end', close)
      .on('close', close);
    this.read(this.clients.mayRead(this.id));
  }
}

/** The open connections of a source: who of them is read, and how they end. */
export class Clients {
  private readonly open = new Map<number, Client>();
  private lastId = 0;
  mayRead: (connection: number) => boolean = () => true;

  constructor(private readonly log: Log) {}

  add(socket: Socket): Connection {
    this.lastId += 1;
    const id = this.lastId;
    const client = new Client(id, socket, this);
    this.open.set(id, client);
    socket.on('error', (error) => this.log.debug('connection broke', { connection: id, error: error.message }));
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
      for (const [client, before] of reads) if (client.reads === before && this.mayRead(client.id)) client.close();
    }
    this.closeAll();
  }

  closeAll(): void {
    for (const client of this.open.values()) client.close();
  }
}
