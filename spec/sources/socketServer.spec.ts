import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { linkSync, readdirSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BehaviorSubject, firstValueFrom, of, take, throwError, timer } from 'rxjs';
import { allConnections } from '../../src/sources/allConnections';
import { socketServer, type Claimed, type SocketServerOptions } from '../../src/sources/socketServer';
import {
  anIntake,
  clientOf,
  later,
  newFolder,
  KINDS,
  pythonArgs,
  startSource,
  undoAll,
  type RunningSource,
} from '../support/sources';
import { hideHandles } from '../support/unknownHandles';

let folder: string;
beforeEach(() => (folder = newFolder()));
afterEach(undoAll);

describe.each(KINDS)('a source at %s, whose connections are %s', (_name, kind, at) => {
  let show = (): void => undefined;
  beforeAll(async () => {
    if (kind !== 'bare') show = await hideHandles();
  });
  afterAll(() => show());

  let running: RunningSource;
  const start = async (
    options: SocketServerOptions = {},
    ...more: Parameters<typeof startSource> extends [unknown, ...infer Rest] ? Rest : never
  ): Promise<RunningSource> => (running = await startSource(at(folder, options), ...more));
  const client = (): Promise<Socket> => clientOf(running);

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

  it('reads only whom it may', async () => {
    const reading$ = new BehaviorSubject((id: number) => id !== 1);
    const { texts, until } = await start({}, { reading$ });
    const paused = await client();
    await until(() => texts.size === 1);
    const big = Buffer.alloc(16 << 20, 'x');
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
    await start({}, {}, ({ chunks$ }) => chunks$.pipe(take(1)));
    const socket = await client();
    socket.write('first');
    await once(socket.resume(), 'close');
  });

  it('refuses more than maxConnections and says so', async () => {
    const { texts, until, log } = await start({ connections: allConnections(1) });
    await client();
    await until(() => texts.size === 1);
    await once((await client()).resume(), 'close');
    await until(() => log.lines.some(({ message }) => message === 'connection refused'));
    expect(log.lines.at(-1)).toEqual({
      level: 'warn',
      message: 'connection refused',
      fields: { ...log.lines[0]?.fields, maxConnections: 1 },
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

  it.each(['reading$', 'stop$'] as const)('fails when %s fails', async (input) => {
    const failure = new Error(input);
    await expect(start({}, { [input]: throwError(() => failure) })).rejects.toBe(failure);
  });

  describe('at a stop', () => {
    it('takes in 200 clients that are queued', async () => {
      const { texts, ended, stop$, completed } = await start();
      const script = 'for i in range(200): s = client(); s.sendall(b"m"); s.close()';
      // Synchronous: the event loop accepts none of them before the stop.
      execFileSync('python3', pythonArgs(running, script));
      expect(texts.size).toBe(0);
      stop$.next();
      await completed;
      expect([...texts.values()].join('')).toBe('m'.repeat(200));
      expect(ended).toHaveLength(200);
    });

    it('accepts no longer than quietMs those that come without end', async () => {
      const { texts, stop$, completed, until } = await start({ quietMs: 100 });
      // Under a name that is still there when the path is gone.
      const other = join(folder, 'other.sock');
      const where = running.where();
      if ('path' in where) linkSync(where.path, other);
      const place = 'path' in where ? { path: other } : where;
      const script = 'while True: s = client(); s.sendall(b"m"); s.close()';
      const clients = spawn('python3', pythonArgs({ where: () => place }, script), { stdio: 'ignore' });
      later(() => clients.kill('SIGKILL'));
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
      const { texts, stop$, completed, until } = await start({ quietMs: 60_000 }, { reading$ });
      (await client()).write('waits');
      await until(() => texts.size === 1);
      stop$.next();
      await firstValueFrom(timer(50));
      expect(texts.get(1)).toBe('');
      reading$.next(() => true);
      await completed;
      expect(texts.get(1)).toBe('waits');

      const bounded = await start({ quietMs: 50 }, { reading$: of(() => false) });
      (await client()).write('for ever');
      await bounded.until(() => bounded.texts.size === 1);
      bounded.stop$.next();
      await bounded.completed;
      expect(bounded.texts.get(1)).toBe('');
    });

    it('stops once it listens when it is told before', async () => {
      const { completed } = await start({}, { stop$: of(undefined) });
      await completed;
      expect(readdirSync(folder)).toEqual([]);
    });
  });
});

describe('socketServer', () => {
  it.each(['before', 'after'])('releases its place when it is unsubscribed from %s it gets it', async (when) => {
    let released = 0;
    let give = (): void => undefined;
    const given = new Promise<Claimed>((resolve) => {
      give = () => resolve({ place: {}, release: () => (released += 1) });
    });
    const subscription = socketServer(() => given, {})(anIntake()).subscribe();
    if (when === 'after') give();
    subscription.unsubscribe();
    give();
    await nextTurn();
    expect(released).toBe(1);
  });
});
