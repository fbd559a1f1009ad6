import { once } from 'node:events';
import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  linkSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { type Server, type Socket, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  BehaviorSubject,
  NEVER,
  type Observable,
  Subject,
  Subscription,
  finalize,
  firstValueFrom,
  mergeMap,
  of,
  startWith,
  take,
  tap,
  throwError,
  timer,
} from 'rxjs';
import type { Connection } from '../../src/model';
import { ListenError } from '../../src/sources/listenError';
import { type UnixSocketOptions, unixSocket } from '../../src/sources/unixSocket';
import { memoryLog } from '../../src/testing/builders';
import { hideHandles } from '../support/unknownHandles';

const everybody = new BehaviorSubject(() => true);
const undo: (() => void)[] = [];

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kahets-'));
  path = join(folder, 'in.sock');
});

afterEach(() => {
  for (const each of undo.splice(0).reverse()) each();
  rmSync(folder, { recursive: true, force: true });
});

/** A running source, and what its clients sent. */
interface Running {
  readonly texts: Map<number, string>;
  /** Of ended connections. */
  readonly ended: number[];
  readonly log: ReturnType<typeof memoryLog>;
  readonly stop$: Subject<void>;
  readonly subscription: Subscription;
  readonly completed: Promise<void>;
  /** Settles when `condition` holds; asked whenever something happens. */
  readonly until: (condition: () => boolean) => Promise<void>;
}

const start = async (
  more: Partial<UnixSocketOptions> = {},
  read: (connection: Connection) => Observable<Buffer> = ({ chunks$ }) => chunks$,
): Promise<Running> => {
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
    const running$ = unixSocket({
      path,
      reading$: everybody,
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
    });
    const received$ = running$.pipe(
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
  undo.push(() => subscription.unsubscribe());
  await Promise.race([until(() => log.lines.some(({ message }) => message === 'listening')), completed]);
  return { texts, ended, log, stop$, completed, until, subscription };
};

const client = async (at = path): Promise<Socket> => {
  const socket = connect(at);
  undo.push(() => socket.destroy());
  await once(socket, 'connect');
  return socket;
};

const aServer = async (at: string): Promise<Server> => {
  const server = createServer();
  undo.push(() => server.close());
  server.listen(at);
  await once(server, 'listening');
  return server;
};

/** Leaves a socket file that nobody listens on. */
const leaveStale = async (): Promise<void> => {
  const server = await aServer(join(folder, 'tmp.sock'));
  renameSync(join(folder, 'tmp.sock'), path);
  server.close();
};

describe.each(['bare', 'sockets of Node'])('unixSocket, whose connections are %s', (kind) => {
  let show = (): void => undefined;
  beforeAll(async () => {
    if (kind !== 'bare') show = await hideHandles();
  });
  afterAll(() => show());

  it('listens, with nobody there', async () => {
    const { log, texts } = await start();
    expect(log.lines).toEqual([{ level: 'info', message: 'listening', fields: { path } }]);
    expect(texts.size).toBe(0);
    expect(statSync(path).isSocket()).toBe(true);
    expect(readdirSync(folder)).toEqual(['in.sock']);
  });

  it('passes on the bytes of one client, and completes at its end', async () => {
    const { texts, ended, until } = await start();
    const socket = await client();
    socket.write('one ');
    await until(() => texts.get(1) === 'one ');
    socket.end('two');
    await until(() => ended.length === 1);
    expect(texts.get(1)).toBe('one two');
    await once(socket, 'close');
  });

  it('serves many clients at once', async () => {
    const { texts, ended, until } = await start();
    const sockets = await Promise.all(Array.from({ length: 50 }, () => client()));
    sockets.forEach((socket, i) => socket.end(`client ${i}`));
    await until(() => ended.length === 50);
    expect([...texts.values()].toSorted()).toEqual(sockets.map((_, i) => `client ${i}`).toSorted());
  });

  it('gives the socket its mode', async () => {
    await start({ mode: 0o620 });
    expect(statSync(path).mode & 0o777).toBe(0o620);
  });

  it('replaces a socket that nobody listens on', async () => {
    await leaveStale();
    const { texts, until } = await start();
    (await client()).write('hello');
    await until(() => texts.get(1) === 'hello');
  });

  it('takes a path of 107 bytes, and a name of one letter', async () => {
    for (const name of ['s'.repeat(107 - Buffer.byteLength(folder) - 1), 's']) {
      const { subscription } = await start({ path: join(folder, name) });
      expect(readdirSync(folder)).toEqual([name]);
      subscription.unsubscribe();
    }
  });

  describe('refuses to listen', () => {
    const errorAt = async (at: string): Promise<unknown> => {
      const error: unknown = await start({ path: at }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(ListenError);
      return error instanceof ListenError ? error.message : undefined;
    };

    it('at a directory', async () => {
      expect(await errorAt(folder)).toBe(`SOCKET ${folder}: found a directory, expected a socket, or nothing`);
    });

    it('at a file, which it leaves alone', async () => {
      writeFileSync(path, 'precious');
      expect(await errorAt(path)).toBe(`SOCKET ${path}: found a file that is no socket, expected a socket, or nothing`);
      expect(readFileSync(path, 'utf8')).toBe('precious');
    });

    it('at a symbolic link', async () => {
      symlinkSync('elsewhere', path);
      expect(await errorAt(path)).toContain('found a symbolic link, expected a socket, or nothing');
    });

    it('at a path too long', async () => {
      const long = join(folder, 'x'.repeat(107 - Buffer.byteLength(folder)));
      expect(await errorAt(long)).toBe(`SOCKET ${long}: found 108 bytes, expected a path of at most 107 bytes`);
    });

    it('in a folder that is not there, or is none', async () => {
      const missing = join(folder, 'missing', 's');
      const expected = (at: string): string => `expected a folder ${dirname(at)} that is there and can be written to`;
      expect(await errorAt(missing)).toContain(expected(missing));
      const file = join(folder, 'file');
      writeFileSync(file, '');
      const below = join(file, 's');
      expect(await errorAt(below)).toBe(`SOCKET ${below}: found ENOTDIR, ${expected(below)}`);
    });

    it('on a descriptor that is no socket', async () => {
      const descriptor = openSync(join(folder, 'file'), 'w');
      undo.push(() => closeSync(descriptor));
      await expect(start({ descriptor })).rejects.toEqual(
        new ListenError(path, 'EINVAL', `a socket that listens, as descriptor ${descriptor}`),
      );
      expect(readdirSync(folder)).toEqual(['file']);
    });

    it('where a daemon listens, which goes on', async () => {
      const { texts, until } = await start();
      expect(await errorAt(path)).toBe(
        `SOCKET ${path}: found a daemon that listens there, expected a socket that no daemon listens on, or nothing`,
      );
      expect(readdirSync(folder)).toEqual(['in.sock']);
      (await client()).write('still there');
      await until(() => [...texts.values()].includes('still there'));
    });
  });

  it('reads only whom it may', async () => {
    const reading$ = new BehaviorSubject((id: number) => id !== 1);
    const { texts, until } = await start({ reading$ });
    const paused = await client();
    await until(() => texts.size === 1);
    const big = Buffer.alloc(4 << 20, 'x');
    const drained = once(paused, 'drain');
    expect(paused.write(big)).toBe(false);
    const other = await client();
    other.write('other');
    await until(() => texts.get(2) === 'other');
    expect(texts.get(1)).toBe('');
    expect(paused.writableLength).toBeGreaterThan(0);
    reading$.next(() => true);
    await drained;
    await until(() => texts.get(1)?.length === big.length);
    reading$.next(() => false);
    expect(paused.write(big)).toBe(false);
    other.write('more');
    const third = await client();
    await until(() => texts.size === 3);
    third.destroy();
    // At most one chunk that was on its way.
    expect((texts.get(1)?.length ?? 0) - big.length).toBeLessThanOrEqual(64 << 10);
    expect(paused.writableLength).toBeGreaterThan(0);
  });

  it('completes a connection that its client breaks off, without an error', async () => {
    const { texts, ended, until, log } = await start();
    const socket = await client();
    socket.write('half');
    await until(() => [...texts.values()].includes('half'));
    socket.destroy();
    await until(() => ended.length > 0);
    expect(log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('closes the connection that is unsubscribed from', async () => {
    await start({}, ({ chunks$ }) => chunks$.pipe(take(1)));
    const socket = await client();
    socket.write('first');
    await once(socket.resume(), 'close');
  });

  it('refuses more than maxConnections and says so', async () => {
    const { texts, until, log } = await start({ maxConnections: 1 });
    await client();
    await until(() => texts.size === 1);
    await once((await client()).resume(), 'close');
    await until(() => log.lines.some(({ message }) => message === 'connection refused'));
    expect(log.lines.at(-1)).toEqual({
      level: 'warn',
      message: 'connection refused',
      fields: { path, maxConnections: 1 },
    });
    expect(texts.size).toBe(1);
  });

  it('closes everything when unsubscribed from', async () => {
    const { subscription, texts, until } = await start();
    const socket = await client();
    await until(() => texts.size === 1);
    subscription.unsubscribe();
    await once(socket.resume(), 'close');
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves nothing when unsubscribed from while it starts', async () => {
    await leaveStale();
    const subscription = unixSocket({ path, reading$: everybody, stop$: NEVER, log: memoryLog() }).subscribe();
    subscription.unsubscribe();
    const { subscription: second } = await start();
    second.unsubscribe();
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each(['reading$', 'stop$'] as const)('fails when %s fails', async (input) => {
    const failure = new Error(input);
    await expect(start({ [input]: throwError(() => failure) })).rejects.toBe(failure);
  });

  describe('at a stop', () => {
    it('takes in 200 clients that are queued', async () => {
      const { texts, ended, stop$, completed } = await start();
      const script = `
import socket, sys
for i in range(200):
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"m"); s.close()`;
      // Synchronous: the event loop accepts none of them before the stop.
      execFileSync('python3', ['-c', script, path]);
      expect(texts.size).toBe(0);
      stop$.next();
      expect(existsSync(path)).toBe(false);
      await completed;
      expect([...texts.values()].join('')).toBe('m'.repeat(200));
      expect(ended).toHaveLength(200);
    });

    it('accepts no longer than quietMs those that come without end', async () => {
      const { texts, stop$, completed, until } = await start({ quietMs: 100 });
      // Another name for the socket, which they still find when its path is gone.
      const other = join(folder, 'other.sock');
      linkSync(path, other);
      const script = `
import socket, sys
while True:
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(b"m"); s.close()`;
      const clients = spawn('python3', ['-c', script, other], { stdio: 'ignore' });
      undo.push(() => clients.kill('SIGKILL'));
      await until(() => texts.size > 1);
      const before = texts.size;
      stop$.next();
      await completed;
      expect(texts.size).toBeGreaterThan(before);
      // Nobody listens any more.
      if (clients.exitCode === null) await once(clients, 'exit');
    });

    it('does not wait for an idle client', async () => {
      const { texts, ended, stop$, completed, until } = await start({ quietMs: 20_000 });
      const socket = await client();
      await until(() => texts.size === 1);
      stop$.next();
      await completed;
      expect(ended).toEqual([1]);
      await once(socket.resume(), 'close');
    });

    it('reads what is there, and bounds the wait for one that never stops sending', async () => {
      const { texts, stop$, completed, until } = await start({ quietMs: 100 });
      const socket = await client();
      socket.on('error', () => undefined);
      const send = (): void => {
        if (!socket.destroyed) socket.write('x'.repeat(1000), send);
      };
      send();
      await until(() => (texts.get(1)?.length ?? 0) > 0);
      const before = texts.get(1)?.length ?? 0;
      stop$.next();
      await completed;
      expect(texts.get(1)?.length).toBeGreaterThan(before);
    });

    it('waits for one that may not be read, and then no longer', async () => {
      const reading$ = new BehaviorSubject((): boolean => false);
      const { texts, stop$, completed, until } = await start({ reading$, quietMs: 60_000 });
      (await client()).write('waits');
      await until(() => texts.size === 1);
      stop$.next();
      await firstValueFrom(timer(50));
      expect(texts.get(1)).toBe('');
      reading$.next(() => true);
      await completed;
      expect(texts.get(1)).toBe('waits');

      const bounded = await start({ reading$: of(() => false), quietMs: 50 });
      (await client()).write('for ever');
      await bounded.until(() => bounded.texts.size === 1);
      bounded.stop$.next();
      await bounded.completed;
      expect(bounded.texts.get(1)).toBe('');
    });

    it('stops once it listens when it is told before', async () => {
      const { completed } = await start({ stop$: of(undefined) });
      await completed;
      expect(readdirSync(folder)).toEqual([]);
    });

    it("leaves another daemon's socket where it is", async () => {
      const { stop$, completed } = await start();
      rmSync(path);
      await aServer(path);
      stop$.next();
      await completed;
      expect(statSync(path).isSocket()).toBe(true);
      await client();
    });
  });
});
