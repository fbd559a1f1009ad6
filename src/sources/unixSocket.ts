import { createServer } from 'node:net';
import { Observable, ReplaySubject, Subject, concatMap, defer, of, switchMap, take, tap } from 'rxjs';
import type { Connection, Log } from '../model';
import { acceptBare } from './bareChannels';
import { type Channel, socketChannel } from './channel';
import { Clients, quietTurn } from './clients';
import { claimPath, listenOn } from './socketPath';

export interface UnixSocketOptions {
  /** Of at most 107 bytes, in a folder that is there. */
  readonly path: string;
  /**
   * A socket that listens at `path` already, and that another process keeps: neither it nor the path is removed, and clients that are
   * queued at a stop are left to who listens there next. Default: the source makes one.
   */
  readonly descriptor?: number | undefined;
  /** File mode of the socket, such as 0o660. Default: what the process's umask leaves. */
  readonly mode?: number | undefined;
  /** Clients that may wait to be accepted. Default 4,096. */
  readonly backlog?: number;
  /** Connections open at once; more are closed as they come. Keep it under the limit of open files. Default: no bound. */
  readonly maxConnections?: number;
  /** Which connections may be read. Each emission resumes and pauses the open ones; new ones ask the latest. */
  readonly reading$: Observable<(connection: number) => boolean>;
  /** The first emission stops listening, reads what the clients have sent, and completes. */
  readonly stop$: Observable<unknown>;
  /** At a stop, the longest wait for clients that are queued, and then for those that still send. Default 1,000. */
  readonly quietMs?: number;
  /**
   * After a stop, emits when nothing more will be answered: what is open then is closed. It must replay. Default: with what the clients
   * have sent.
   */
  readonly answered$?: Observable<unknown>;
  /** Told once it listens, with what counts the open connections. */
  readonly listening?: (open: () => number) => void;
  readonly log: Log;
}

/**
 * Listens on a UNIX stream socket.
 *
 *     stop$        --------------------x
 *     connections  ---1----2--3----------4-|     4 was queued at the stop
 *
 * Replaces a socket file that nobody listens on. At a stop it removes the path, accepts those that are queued (closing at once
 * would lose them), reads each connection until nothing comes, then closes it; where answers are owed, when they are sent. Unsubscribing
 * before that closes everything at once. Of a socket that was passed those that are queued stay in the queue.
 *
 * Errors: {@link ListenError} when it cannot listen. A broken connection completes its `chunks$`.
 */
export const unixSocket = ({
  path,
  descriptor,
  mode,
  backlog = 4096,
  maxConnections = Infinity,
  reading$,
  stop$,
  quietMs = 1000,
  answered$ = of(undefined),
  listening,
  log,
}: UnixSocketOptions): Observable<Connection> =>
  new Observable((subscriber) => {
    const fail = (error: unknown): void => subscriber.error(error);
    const clients = new Clients(log);
    const aborted = new AbortController();
    let accepted = 0;
    let drained = false;
    let release = (): void => undefined;

    const accept = (channel: Channel): void => {
      if (clients.count < maxConnections) {
        accepted += 1;
        subscriber.next(clients.add(channel));
        return;
      }
      channel.close();
      log.warn('connection refused', { path, maxConnections });
    };
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) =>
      accept(socketChannel(socket)),
    );
    server.once('listening', () => acceptBare(server, accept));

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
    const listening$ = defer(() =>
      descriptor === undefined
        ? claimPath(server, { path, mode, backlog, signal: aborted.signal })
        : listenOn(server, { path, descriptor, backlog }),
    ).pipe(
      tap((remove) => {
        server.on('error', (error) => log.error('socket server failed', { path, error: error.message }));
        release = () => {
          // Once: after the server has closed, another daemon's socket may have the same inode.
          release = () => undefined;
          try {
            remove();
          } catch (error) {
            log.warn('socket file not removed', { path, error: String(error) });
          }
        };
        listening?.(() => clients.count);
        log.info('listening', { path, ...(descriptor !== undefined && { passedBy: 'systemd' }) });
      }),
    );
    const closing$ = defer(async () => {
      release();
      if (descriptor === undefined) await acceptQueued();
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
