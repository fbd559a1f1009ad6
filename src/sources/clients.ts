import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Connection, Log } from '../model';
import type { AllConnections } from './allConnections';
import type { Channel } from './channel';
import { Client, type Host } from './client';
import type { AllUnread } from './unread';

/** A client that brings nothing for this long has sent what it had. */
const QUIET_MS = 10;
/** Those that wait for nothing but answers are looked at this often: nobody else tells that they have gone. */
const LOOK_EVERY_MS = 1_000;

/** Lets `QUIET_MS` pass and at least one whole turn of the event loop, so that what the kernel holds has been delivered. */
export const quietTurn = async (): Promise<void> => {
  await sleep(QUIET_MS);
  await nextTurn();
};

/** The open connections of a source: who of them is read, and how they end. */
export class Clients implements Host {
  private readonly open = new Map<number, Client>();
  private looking: NodeJS.Timeout | undefined;
  mayRead: (connection: number) => boolean = () => true;

  /** @param all those of this source among them */
  constructor(
    private readonly all: AllConnections,
    private readonly log: Pick<Log, 'warn'>,
  ) {}

  get unread(): AllUnread {
    return this.all.unread;
  }

  add(id: number, channel: Channel): Connection {
    const client = new Client(id, channel, this);
    this.open.set(id, client);
    this.all.open += 1;
    return client;
  }

  leaving(): void {
    this.looking ??= setInterval(() => this.look(), LOOK_EVERY_MS).unref();
  }

  closed(id: number): void {
    this.open.delete(id);
    this.all.open -= 1;
  }

  gaveUp(id: number): void {
    this.log.warn('answers are not read, connection closed', { connection: id });
  }

  /** Reads from now on those that `mayRead` allows. */
  allow(mayRead: (connection: number) => boolean): void {
    this.mayRead = mayRead;
    for (const client of this.open.values()) client.review();
  }

  /**
   * Ends each client that has nothing more to read; after `ms` those too that still send or may not be read. Those that answers are owed
   * are open after that.
   */
  async drain(ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    for (let read = this.read(); read.length > 0 && performance.now() < deadline; read = this.read()) {
      const reads = new Map(read.map((client) => [client, client.reads]));
      await quietTurn();
      for (const [client, before] of reads)
        if (!client.ended && client.reads === before && this.mayRead(client.id)) client.end();
    }
    for (const client of this.read()) client.end();
  }

  closeAll(): void {
    for (const client of this.open.values()) client.close();
  }

  /** Those that have not ended. */
  private read(): readonly Client[] {
    return [...this.open.values()].filter(({ ended }) => !ended);
  }

  private look(): void {
    const leaving = [...this.open.values()].filter(({ ended }) => ended);
    for (const client of leaving) client.look();
    if (leaving.length > 0) return;
    clearInterval(this.looking);
    this.looking = undefined;
  }
}
