import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { firstValueFrom, NEVER, Subject, timer } from 'rxjs';
import type { Connection } from '../../src/model';
import { allConnections } from '../../src/sources/allConnections';
import { ListenError } from '../../src/sources/listenError';
import { tcpSocket, type TcpSocketOptions } from '../../src/sources/tcpSocket';
import { anIntake, clientOf, later, pythonArgs, startSource, undoAll, type RunningSource } from '../support/sources';
import { hideHandles } from '../support/unknownHandles';

afterEach(undoAll);

const start = (
  options: Partial<TcpSocketOptions> = {},
  ...more: Parameters<typeof startSource> extends [unknown, ...infer Rest] ? Rest : never
): Promise<RunningSource> => startSource(tcpSocket({ host: '127.0.0.1', port: 0, ...options }), ...more);

const portOf = ({ where }: RunningSource): number => {
  const place = where();
  return 'port' in place ? place.port : 0;
};

describe('tcpSocket', () => {
  it.each([
    ['127.0.0.1', /^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/],
    ['::1', /^tcp:\/\/\[::1\]:[1-9]\d*$/],
    ['localhost', /^tcp:\/\/localhost:[1-9]\d*$/],
  ])('listens at %s on any free port, and says which', async (host, address) => {
    const { log, until, texts, where } = await start({ host });
    expect(log.lines).toEqual([
      { level: 'info', message: 'listening', fields: { address: expect.stringMatching(address) as string } },
    ]);
    (await clientOf({ where })).write('hello');
    await until(() => texts.get(1) === 'hello');
  });

  it('listens on a port that it was told, again after it has stopped', async () => {
    const first = await start();
    const port = portOf(first);
    await clientOf(first);
    await first.until(() => first.texts.size === 1);
    first.stop$.next();
    await first.completed;
    const second = await start({ port });
    expect(portOf(second)).toBe(port);
  });

  describe('refuses to listen', () => {
    it('where a program listens', async () => {
      const other = createServer().listen(0, '127.0.0.1');
      later(() => other.close());
      await once(other, 'listening');
      const { port } = other.address() as AddressInfo;
      const error = new ListenError(
        `tcp://127.0.0.1:${port}`,
        'a program that listens there (EADDRINUSE)',
        'a free port: end the program that listens there, or name another port',
      );
      await expect(start({ port })).rejects.toEqual(error);
      expect(error.message).toMatch(
        /^SOCKET tcp:\/\/127\.0\.0\.1:\d+: found a program that listens there \(EADDRINUSE\), expected a free port/,
      );
    });

    it('at an address of another host, or a name that nobody has', async () => {
      await expect(start({ host: '192.0.2.1', port: 9410 })).rejects.toThrow(
        'SOCKET tcp://192.0.2.1:9410: found an address that is none of this host (EADDRNOTAVAIL), expected one of its own such as 127.0.0.1',
      );
      await expect(start({ host: 'nobody.invalid' })).rejects.toThrow(
        /^SOCKET tcp:\/\/nobody\.invalid:0: found (a name that is not known \(ENOTFOUND\)|.*EAI_AGAIN)/,
      );
    });
  });

  it.each(['127.0.0.1', 'localhost'])('leaves nothing when unsubscribed from while it starts, at %s', async (host) => {
    const { subscription, where } = await start({ host });
    const place = where();
    const port = 'port' in place ? place.port : 0;
    subscription.unsubscribe();
    tcpSocket({ host, port })(anIntake({ stop$: NEVER }))
      .subscribe()
      .unsubscribe();
    await firstValueFrom(timer(50));
    await expect(clientOf({ where: () => place })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

/** Timers of the connections that a port has accepted, as /proc/net/tcp has them: 2 is that of keep-alive. */
const timersAt = (port: number): readonly string[] => {
  const end = port.toString(16).toUpperCase().padStart(4, '0');
  const lines = readFileSync('/proc/self/net/tcp', 'latin1').matchAll(
    new RegExp(`^ *\\d+: \\S+:${end} \\S+ 01 \\S+ (\\d\\d:\\S+)`, 'gm'),
  );
  return [...lines].map(([, timer = '']) => timer);
};

/** What a kernel counts timers of user space in. */
const JIFFIES_PER_SECOND = 100;

describe.each(['bare', 'sockets of Node'])('tcpSocket, whose connections are %s', (kind) => {
  let show = (): void => undefined;
  beforeAll(async () => {
    if (kind !== 'bare') show = await hideHandles();
  });
  afterAll(() => show());

  it('asks a client that is silent for 60 s whether it is there', async () => {
    const running = await start();
    await clientOf(running);
    await running.until(() => running.texts.size === 1);
    const [timer = '', ...others] = timersAt(portOf(running));
    const [kindOfTimer, left = ''] = timer.split(':');
    expect([kindOfTimer, others]).toEqual(['02', []]);
    expect(parseInt(left, 16)).toBeGreaterThan(50 * JIFFIES_PER_SECOND);
    expect(parseInt(left, 16)).toBeLessThanOrEqual(60 * JIFFIES_PER_SECOND);
  });

  it('keeps what a client sent that breaks off behind it', async () => {
    const running = await start();
    const socket = await clientOf(running);
    await new Promise((resolve) => socket.write('half a fra', resolve));
    await running.until(() => running.texts.size === 1);
    socket.resetAndDestroy();
    await running.until(() => running.ended.length === 1);
    expect(running.texts.get(1)).toBe('half a fra');
    expect(running.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('sends each answer at once, whatever is not acknowledged', async () => {
    const connections: Connection[] = [];
    const running = await start({}, {}, (connection) => {
      connections.push(connection);
      return connection.chunks$;
    });
    const socket = await clientOf(running);
    let heard = '';
    socket.on('data', (bytes) => (heard += String(bytes)));
    const tookMs: number[] = [];
    for (let n = 1; n <= 10; n += 1) {
      // Who sends acknowledges what he reads 40 ms later, with the next that he sends.
      socket.write('x');
      await running.until(() => running.texts.get(1)?.length === n);
      const answers = connections[0]?.answers;
      answers?.owe();
      answers?.owe();
      const begunMs = performance.now();
      answers?.send(Buffer.from('a'));
      answers?.send(Buffer.from('b'));
      while (heard.length < 2 * n) await once(socket, 'data');
      tookMs.push(performance.now() - begunMs);
    }
    expect(heard).toBe('ab'.repeat(10));
    // The first ones are acknowledged at once in any case.
    expect(Math.min(...tookMs.slice(3))).toBeLessThan(30);
  });

  it('closes who waited for an answer behind his end, and has gone', async () => {
    const connections = allConnections();
    const answered$ = new Subject<void>();
    const running = await start({ connections, keepAliveMs: 1_000 }, { answered$ }, (connection) => {
      connection.answers?.owe();
      return connection.chunks$;
    });
    // The kernel of the client forgets it after 1 s, as it does by itself after 60 s.
    const script = 's = client(); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_LINGER2, 1); s.shutdown(1); s.close()';
    const python = spawn('python3', pythonArgs(running, script), { stdio: 'inherit' });
    await once(python, 'exit');
    await running.until(() => running.ended.length === 1);
    expect(connections.open).toBe(1);
    while (connections.open > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }, 20_000);
});
