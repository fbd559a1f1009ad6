import { mkdtempSync, rmSync, statSync, writeFileSync, existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createNetServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import type { HttpAddress } from '../../../src/config/envCodecs';
import { listenHttp, type Listening } from '../../../src/control/http/listen';
import { fetchText } from '../../support/http';

let folder: string;
const open: Listening[] = [];
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'kahets-http-'))));
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ close }) => close()));
  rmSync(folder, { recursive: true });
});

const answering = (): Server => createServer((_request, response) => response.end('here'));
const listen = async (
  address: HttpAddress,
  server = answering(),
  socketMode = 0o660,
): Promise<E.Either<string, Listening>> => {
  const result = await listenHttp(server, { address, socketMode, hosts: [], showMessages: false })();
  if (E.isRight(result)) open.push(result.right);
  return result;
};
const listening = async (...args: Parameters<typeof listen>): Promise<Listening> => {
  const result = await listen(...args);
  if (E.isLeft(result)) throw new Error(result.left);
  return result.right;
};

describe('listenHttp', () => {
  it.each([
    ['127.0.0.1', /^http:\/\/127\.0\.0\.1:[1-9]\d*\/$/],
    ['::1', /^http:\/\/\[::1\]:[1-9]\d*\/$/],
    ['localhost', /^http:\/\/localhost:[1-9]\d*\/$/],
  ])('listens at %s on any free port, and says which', async (host, at) => {
    const server = await listening({ kind: 'tcp', host, port: 0 });
    expect(server.at).toMatch(at);
    expect((await fetchText(server.at)).body).toBe('here');
  });

  it('says what is wrong with a port in use', async () => {
    const other = createNetServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    expect(await listen({ kind: 'tcp', host: '127.0.0.1', port })).toEqual(
      E.left(
        `HTTP 127.0.0.1:${port}: found a program that listens there (EADDRINUSE), expected a free port: end the program that listens there, or name another port`,
      ),
    );
    other.close();
  });

  it('says what is wrong with an address that is not of this host', async () =>
    expect(await listen({ kind: 'tcp', host: '192.0.2.1', port: 0 })).toEqual(
      E.left(expect.stringMatching(/^HTTP 192\.0\.2\.1:0: found an address that is none of this host/)),
    ));

  it('listens on a socket of its mode, and removes it at the end', async () => {
    const file = path.join(folder, 'http.sock');
    const { at, close } = await listening({ kind: 'unix', path: file }, answering(), 0o600);
    expect(at).toBe(`unix:${file}`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await fetchText('http://localhost/', { socketPath: file })).body).toBe('here');
    await close();
    open.length = 0;
    expect(existsSync(file)).toBe(false);
  });

  it('replaces a socket that nobody listens on', async () => {
    const file = path.join(folder, 'http.sock');
    const dead = createNetServer().listen(file);
    await once(dead, 'listening');
    // What a killed process leaves: a listener would have unlinked its path.
    const left = path.join(folder, 'left.sock');
    await import('node:fs/promises').then(({ rename }) => rename(file, left));
    dead.close();
    await listening({ kind: 'unix', path: left });
    expect((await fetchText('http://localhost/', { socketPath: left })).body).toBe('here');
  });

  it('leaves a socket that somebody listens on, and any other file', async () => {
    const file = path.join(folder, 'http.sock');
    await listening({ kind: 'unix', path: file });
    expect(await listen({ kind: 'unix', path: file })).toEqual(
      E.left(
        `HTTP ${file}: found a daemon that listens there, expected a socket that no daemon listens on, or nothing`,
      ),
    );
    const note = path.join(folder, 'note');
    writeFileSync(note, 'mine');
    expect(await listen({ kind: 'unix', path: note })).toEqual(
      E.left(`HTTP ${note}: found a file that is no socket, expected a socket, or nothing`),
    );
  });

  it('ends connections that are open when it closes', async () => {
    const server = createServer((_request, response) => response.write('never whole'));
    const { at, close } = await listening({ kind: 'tcp', host: '127.0.0.1', port: 0 }, server);
    const body = fetchText(at);
    await once(server, 'request');
    const cut = expect(body).rejects.toThrow();
    await close();
    open.length = 0;
    await cut;
  });
});
