import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { events, getJson } from '../../src/client/http';
import { HttpError } from '../../src/client/httpError';
import type { HttpAddress } from '../../src/config/envCodecs';
import { inFolder } from '../support/fileSinks';
import { freePorts } from '../support/kafka';
import { closeMonitors, serveMonitor } from '../support/servedMonitor';

const servers: (Server | TcpServer)[] = [];
afterEach(async () => {
  await closeMonitors();
  for (const server of servers.splice(0)) {
    server.close();
    if ('closeAllConnections' in server) server.closeAllConnections();
  }
});

const listening = async (server: Server | TcpServer): Promise<HttpAddress> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { kind: 'tcp', host: '127.0.0.1', port: (server.address() as AddressInfo).port };
};

/** A server of another kind. */
const serving = (listener: RequestListener): Promise<HttpAddress> => listening(createServer(listener));

const noListener = async (): Promise<HttpAddress> => ({
  ...{ kind: 'tcp', host: '127.0.0.1', port: (await freePorts(1))[0] ?? 0 },
});

const NOBODY = 65_534;

/** Root may ask everybody. */
const asNobody = async <A>(work: () => Promise<A>): Promise<A> => {
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
};

/** What is wrong, as both ways of asking tell it. */
const troubleAt = async (address: HttpAddress, timeoutMs = 5_000): Promise<Pick<HttpError, 'kind' | 'found'>> => {
  const got = await getJson(address, '/status.json', { timeoutMs })();
  if (E.isRight(got)) throw new Error('expected it to fail');
  expect(got.left).toBeInstanceOf(HttpError);
  const event = await lastValueFrom(events(address, '/status.json', { timeoutMs })).catch((error: unknown) => error);
  expect(event).toBeInstanceOf(HttpError);
  expect((event as HttpError).kind).toBe(got.left.kind);
  const { kind, found } = got.left;
  return { kind, found };
};

describe('getJson', () => {
  it('gets the document of a daemon', async () => {
    const { address } = await serveMonitor();
    expect(await getJson(address, '/status.json?limit=3')()).toEqual(
      E.right(expect.objectContaining({ version: 1, received: 0 })),
    );
  });

  it('gets it over a UNIX socket, too', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'http.sock');
      await serveMonitor({ settings: { address: { kind: 'unix', path } } });
      expect(E.isRight(await getJson({ kind: 'unix', path }, '/status.json')())).toBe(true);
      await closeMonitors();
    }));

  it('asks at the loopback where the daemon listens on all addresses', async () => {
    const { address } = await serveMonitor({ settings: { address: { kind: 'tcp', host: '0.0.0.0', port: 0 } } });
    expect(address).toMatchObject({ host: '0.0.0.0' });
    expect(E.isRight(await getJson(address, '/status.json')())).toBe(true);
  });

  it('gets a large document whole', async () => {
    const { address, env } = await serveMonitor();
    for (let n = 0; n < 5_000; n += 1) env.ledger.received(`bucket-${n}-ä`, ['s'])(n);
    const got = await getJson(address, '/status.json')();
    expect(got).toEqual(
      E.right(expect.objectContaining({ buckets: expect.objectContaining({ matching: 5_000 }) as unknown })),
    );
  });

  it('tells of a document that has no end', async () => {
    const address = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{');
    });
    expect(await getJson(address, '/status.json', { timeoutMs: 50 })()).toEqual(
      E.left(expect.objectContaining({ kind: 'unreachable', found: 'no answer within 50 ms' })),
    );
  });

  it('tells of a document that is none', async () => {
    const address = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.end('{');
    });
    expect(await getJson(address, '/status.json')()).toEqual(E.left(expect.objectContaining({ kind: 'foreign' })));
  });

  it('tells of a daemon that goes away in the middle', async () => {
    const address = await serving((request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      response.write('{', () => request.socket.destroy());
    });
    expect(await getJson(address, '/status.json')()).toEqual(
      E.left(expect.objectContaining({ kind: 'gone', found: 'the daemon has closed the connection' })),
    );
  });
});

describe('getJson and events', () => {
  it('tell that nobody listens', async () => {
    const { kind, found } = await troubleAt(await noListener());
    expect(kind).toBe('unreachable');
    expect(found).toMatch(/^nobody listens there: start the daemon/);
  });

  it('tell that there is no socket, or something else', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'http.sock');
      expect(await troubleAt({ kind: 'unix', path })).toMatchObject({ kind: 'unreachable' });
      await writeFile(path, '');
      // To the kernel a file that is no socket is one at which nobody listens.
      expect(await troubleAt({ kind: 'unix', path })).toMatchObject({ kind: 'unreachable' });
    }));

  it('tell that this user may not ask', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'http.sock');
      await serveMonitor({ settings: { address: { kind: 'unix', path } } });
      await chmod(path, 0);
      const trouble = await asNobody(() => troubleAt({ kind: 'unix', path }));
      expect(trouble).toEqual({ kind: 'forbidden', found: 'this user may not write to it: see HTTP_MODE' });
      await closeMonitors();
    }));

  it('tell that something else answers', async () => {
    const address = await serving((_request, response) => response.writeHead(404).end('<html>\u001b[31m'));
    expect(await troubleAt(address)).toEqual({
      kind: 'foreign',
      found: 'expected a kahets that answers /status.json, found status 404',
    });
  });

  it('tell that something else answers with a page', async () => {
    const address = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>');
    });
    expect(await troubleAt(address)).toMatchObject({
      kind: 'foreign',
      found: expect.stringMatching(/found text\/html$/) as unknown,
    });
  });

  it('tell that there is no HTTP', async () => {
    const address = await listening(
      createTcpServer((socket) => socket.on('error', () => undefined).end('220 smtp\r\n')),
    );
    expect(await troubleAt(address)).toEqual({ kind: 'foreign', found: 'expected kahets, found no HTTP' });
  });

  it('tell that the connection is closed without a word', async () => {
    const address = await listening(createTcpServer((socket) => socket.destroy()));
    expect(await troubleAt(address)).toEqual({
      kind: 'unreachable',
      found: 'the connection was closed without an answer',
    });
  });

  it('tell that there is no answer in time', async () => {
    const address = await listening(createTcpServer(() => undefined));
    expect(await troubleAt(address, 30)).toEqual({ kind: 'unreachable', found: 'no answer within 30 ms' });
  });

  it('say what the daemon says that does not answer now, without control characters', async () => {
    const address = await serving((_request, response) =>
      response.writeHead(503).end('The daemon \u001b[2Jstops.\nMore'),
    );
    expect(await troubleAt(address)).toEqual({ kind: 'refused', found: 'The daemon  [2Jstops.' });
  });
});

describe('events', () => {
  it('gives what the daemon tells, in order', async () => {
    const { address, monitor } = await serveMonitor();
    monitor.listening(() => 3);
    const [first] = await lastValueFrom(events(address, '/events?limit=1').pipe(take(1), toArray()));
    expect(first).toMatchObject({ event: 'status', data: { version: 1, connections: 3 } });
  });

  it('gives a last word at a stop, and fails', async () => {
    const { address, monitor } = await serveMonitor();
    const seen: string[] = [];
    const ended = new Promise<unknown>((resolve) => {
      events(address, '/events').subscribe({
        next: ({ event }) => {
          seen.push(event);
          if (event === 'status') monitor.stopping();
        },
        error: resolve,
      });
    });
    expect(await ended).toMatchObject({ kind: 'gone', found: 'the daemon has closed the connection' });
    expect(seen).toEqual(['status', 'stop']);
  });

  it('fails when the daemon is gone', async () => {
    const served = await serveMonitor();
    const ended = new Promise<unknown>((resolve) => {
      events(served.address, '/events').subscribe({ next: () => void served.close(), error: resolve });
    });
    expect(await ended).toMatchObject({ kind: 'gone' });
  });

  it('closes the request when it is unsubscribed', async () => {
    const closed = new Promise<void>((resolve) => {
      void serving((_request, response) => {
        response.on('close', () => resolve());
        response.writeHead(200, { 'Content-Type': 'text/event-stream' });
        response.write('data: 1\n\n');
      }).then((address) => firstValueFrom(events(address, '/')));
    });
    await closed;
  });

  it('closes it before there is an answer, too', async () => {
    const closed = new Promise<void>((resolve) => {
      void serving((request, response) => {
        response.on('close', () => resolve());
        subscription?.unsubscribe();
        expect(request.url).toBe('/quiet');
      }).then((address) => (subscription = events(address, '/quiet').subscribe()));
    });
    let subscription: { readonly unsubscribe: () => void } | undefined;
    await closed;
  });

  it('waits for a daemon that is quiet, unless it is told how long', async () => {
    const address = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\n');
      setTimeout(() => response.write('data: 2\n\n'), 1_200);
    });
    const all = await lastValueFrom(events(address, '/', { timeoutMs: 1_000 }).pipe(take(2), toArray()));
    expect(all.map(({ data }) => data)).toEqual([1, 2]);
    await expect(lastValueFrom(events(address, '/', { quietMs: 20 }))).rejects.toMatchObject({
      found: 'no answer within 20 ms',
    });
  });

  it('fails at an event that is no JSON', async () => {
    const address = await serving((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: 1\n\ndata: {\n\n');
    });
    const seen: unknown[] = [];
    const ended = new Promise<unknown>((resolve) => {
      events(address, '/').subscribe({ next: ({ data }) => seen.push(data), error: resolve });
    });
    expect(await ended).toMatchObject({ kind: 'foreign' });
    expect(seen).toEqual([1]);
  });
});
