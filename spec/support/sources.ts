/** Sources of sockets under test: of UNIX sockets and of TCP, which have most of their behaviour in common. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BehaviorSubject,
  NEVER,
  of,
  Subject,
  Subscription,
  finalize,
  mergeMap,
  startWith,
  tap,
  type Observable,
} from 'rxjs';
import type { Connection, Intake, Source } from '../../src/model';
import type { SocketServerOptions } from '../../src/sources/socketServer';
import { tcpSocket } from '../../src/sources/tcpSocket';
import { unixSocket } from '../../src/sources/unixSocket';
import { memoryLog } from '../../src/testing/builders';
import { socketAddress } from '../../src/wire/address';

/** Both kinds of sources, at a place that is free. */
const PLACES: readonly (readonly [name: string, at: (folder: string, options: SocketServerOptions) => Source])[] = [
  ['a UNIX socket', (folder, options) => unixSocket({ path: join(folder, 'in.sock'), ...options })],
  ['a TCP port', (_folder, options) => tcpSocket({ host: '127.0.0.1', port: 0, ...options })],
];

/** With connections as the source takes them, and as sockets of Node, where handles are not as they are known. */
export const KINDS = PLACES.flatMap(([name, at]) =>
  (['bare', 'sockets of Node'] as const).map((kind) => [name, kind, at] as const),
);

const undo: (() => void)[] = [];

/** What {@link undoAll} does, the latest first. */
export const later = (work: () => void): void => void undo.push(work);

/** For `afterEach`. */
export const undoAll = (): void => {
  for (const each of undo.splice(0).reverse()) each();
};

/** A new folder, until {@link undoAll}. */
export const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kahets-'));
  later(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

/** An intake that reads everybody, stops never, and answers nobody after its end. */
export const anIntake = (more: Partial<Intake> = {}): Intake => {
  let lastId = 0;
  return {
    reading$: new BehaviorSubject(() => true),
    stop$: NEVER,
    answered$: of(undefined),
    nextId: () => (lastId += 1),
    log: memoryLog(),
    ...more,
  };
};

/** A running source, and what its clients sent. */
export interface RunningSource {
  readonly texts: Map<number, string>;
  /** Of ended connections. */
  readonly ended: number[];
  readonly log: ReturnType<typeof memoryLog>;
  readonly stop$: Subject<void>;
  readonly subscription: Subscription;
  readonly completed: Promise<void>;
  /** Settles when `condition` holds; asked whenever something happens. */
  readonly until: (condition: () => boolean) => Promise<void>;
  /** Where it listens. */
  readonly where: () => { readonly path: string } | Pick<TcpNetConnectOpts, 'host' | 'port'>;
}

/** Where a source listens, by its log. */
export const placeIn = ({ lines }: Pick<ReturnType<typeof memoryLog>, 'lines'>): ReturnType<RunningSource['where']> => {
  const { path, address } = lines.find(({ message }) => message === 'listening')?.fields ?? {};
  const place = socketAddress(String(path ?? address));
  if (!place) throw new Error('it does not listen');
  return place.kind === 'unix' ? { path: place.path } : { host: place.host, port: place.port };
};

/** Runs a source until {@link undoAll}; resolves when it listens, rejects when it fails before. */
export const startSource = async (
  source: Source,
  more: Partial<Omit<Intake, 'log'>> = {},
  read: (connection: Connection) => Observable<Buffer> = ({ chunks$ }) => chunks$,
): Promise<RunningSource> => {
  const texts = new Map<number, string>();
  const ended: number[] = [];
  const log = memoryLog();
  const stop$ = new Subject<void>();
  const happened$ = new Subject<void>();
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!condition()) return;
        watching.unsubscribe();
        resolve();
      };
      const watching = happened$.subscribe(look);
      look();
    });
  const subscription = new Subscription();
  const completed = new Promise<void>((resolve, reject) => {
    const received$ = source(
      anIntake({
        stop$,
        log: {
          ...log,
          info: (message, fields) => {
            log.info(message, fields);
            queueMicrotask(() => happened$.next());
          },
          warn: (message, fields) => {
            log.warn(message, fields);
            happened$.next();
          },
        },
        ...more,
      }),
    ).pipe(
      tap(({ id }) => texts.set(id, '')),
      mergeMap((connection) =>
        read(connection).pipe(
          tap((chunk) => texts.set(connection.id, `${texts.get(connection.id) ?? ''}${String(chunk)}`)),
          finalize(() => {
            ended.push(connection.id);
            happened$.next();
          }),
          startWith(undefined),
        ),
      ),
    );
    subscription.add(received$.subscribe({ next: () => happened$.next(), error: reject, complete: resolve }));
  });
  later(() => subscription.unsubscribe());
  await Promise.race([until(() => log.lines.some(({ message }) => message === 'listening')), completed]);
  return { texts, ended, log, stop$, completed, until, subscription, where: () => placeIn(log) };
};

/** A client, until {@link undoAll}; one that is answered may close its side and still listen. */
export const clientOf = async (
  { where }: Pick<RunningSource, 'where'>,
  options: { readonly allowHalfOpen?: boolean } = {},
): Promise<Socket> => {
  const socket = connect({ ...where(), ...options });
  later(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
};

/** Python that connects, as `client()`; to be called with {@link pythonArgs}. */
const PYTHON_CLIENT = `
import socket, sys
def client():
    s = socket.socket(socket.AF_UNIX if len(sys.argv) == 2 else socket.AF_INET)
    s.connect(sys.argv[1] if len(sys.argv) == 2 else (sys.argv[1], int(sys.argv[2])))
    return s
`;

export const pythonArgs = ({ where }: Pick<RunningSource, 'where'>, script: string): string[] => {
  const place = where();
  return ['-c', PYTHON_CLIENT + script, ...('path' in place ? [place.path] : [place.host ?? '', String(place.port)])];
};
