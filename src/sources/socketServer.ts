import { createServer, type Server } from 'node:net';
import { Observable, ReplaySubject, Subject, concatMap, defer, switchMap, take, tap } from 'rxjs';
import type { Source } from '../model';
import { allConnections, type AllConnections } from './allConnections';
import { acceptBare } from './bareChannels';
import { type Channel, socketChannel } from './channel';
import { Clients, quietTurn } from './clients';

/** What every source of sockets may be told. */
export interface SocketServerOptions {
  /** Clients that may wait to be accepted. Default 4,096. */
  readonly backlog?: number;
  /** Those of other sources, where there are some, which share the bounds. Default: no bound. */
  readonly connections?: AllConnections;
  /** At a stop, the longest wait for clients that are queued, and then for those that still send. Default 1,000. */
  readonly quietMs?: number;
  /** Told once it listens. */
  readonly listening?: () => void;
}

/** What a server has that listens. */
export interface Claimed {
  /** Where, as the log names it. */
  readonly place: Readonly<Record<string, string>>;
  /** Who else keeps the socket: then clients that are queued at a stop are left to who listens there next. */
  readonly passedBy?: string;
  /** Removes what would lead more clients to it. May throw. */
  readonly release: () => void;
}

/** Makes a server listen, with room for so many clients that wait; gives it up when the signal says so. Rejects with a {@link ListenError}. */
export type Claim = (
  server: Server,
  options: { readonly backlog: number; readonly signal: AbortSignal },
) => Promise<Claimed>;

/**
 * A source that accepts stream sockets, wherever `claim` makes its server listen.
 *
 *     stop$        --------------------x
 *     connections  ---1----2--3----------4-|     4 was queued at the stop
 *
 * At a stop it releases its place, accepts those that are queued (closing at once would lose them), reads each connection until nothing
 * comes, then closes it; where answers are owed, when they are sent. Unsubscribing before that closes everything at once.
 */
export const socketServer =
  (
    claim: Claim,
    { backlog = 4096, connections = allConnections(), quietMs = 1000, listening }: SocketServerOptions,
  ): Source =>
  ({ reading$, stop$, answered$, nextId, log }) =>
    new Observable((subscriber) => {
      const fail = (error: unknown): void => subscriber.error(error);
      const clients = new Clients(connections, log);
      const aborted = new AbortController();
      let accepted = 0;
      let drained = false;
      let claimed: Claimed | undefined;
      let isReleased = false;

      const accept = (channel: Channel): void => {
        if (connections.open < connections.most) {
          accepted += 1;
          subscriber.next(clients.add(nextId(), channel));
          return;
        }
        channel.close();
        log.warn('connection refused', { ...claimed?.place, maxConnections: connections.most });
      };
      const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
        accept(socketChannel(socket)),
      );
      server.once('listening', () => acceptBare(server, accept));

      const release = (): void => {
        // Once: after the server has closed, another daemon's socket may have the same inode.
        if (!claimed || isReleased) return;
        isReleased = true;
        try {
          claimed.release();
        } catch (error) {
          log.warn('socket file not removed', { ...claimed.place, error: String(error) });
        }
      };

      const drained$ = new Subject<void>();
      // Who waits for an answer outlives the end of what is read.
      drained$.pipe(switchMap(() => answered$)).subscribe(() => clients.closeAll());
      const stopped$ = new ReplaySubject<unknown>(1);
      subscriber.add(stop$.subscribe({ next: (value) => stopped$.next(value), error: fail }));
      subscriber.add(reading$.subscribe({ next: (mayRead) => clients.allow(mayRead), error: fail }));
      subscriber.add(() => {
        aborted.abort();
        release();
        server.close();
        if (!drained) clients.closeAll();
      });

      const acceptQueued = async (): Promise<void> => {
        const deadline = performance.now() + quietMs;
        let before: number;
        do {
          before = accepted;
          await quietTurn();
        } while (accepted > before && performance.now() < deadline);
      };
      const listening$ = defer(async () => {
        claimed = await claim(server, { backlog, signal: aborted.signal });
        // Nobody is told any more.
        if (aborted.signal.aborted) release();
        return claimed;
      }).pipe(
        tap(({ place, passedBy }) => {
          server.on('error', (error) => log.error('socket server failed', { ...place, error: error.message }));
          listening?.();
          log.info('listening', { ...place, ...(passedBy !== undefined && { passedBy }) });
        }),
      );
      const closing$ = defer(async () => {
        release();
        if (claimed?.passedBy === undefined) await acceptQueued();
      }).pipe(
        tap(() => server.close()),
        concatMap(() => clients.drain(quietMs)),
      );
      subscriber.add(
        listening$
          .pipe(
            concatMap(() => stopped$.pipe(take(1))),
            concatMap(() => closing$),
          )
          .subscribe({
            error: fail,
            complete: () => {
              drained = true;
              drained$.next();
              subscriber.complete();
            },
          }),
      );
    });
