import { createServer, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { jsonReply, textReply } from '../../../src/control/http/reply';
import { createRouter, type Route } from '../../../src/control/http/router';
import { memoryLog } from '../../../src/testing/builders';
import { fetchText } from '../../support/http';

const log = memoryLog();
const routes = new Map<string, Route>([
  ['/', () => textReply(200, 'root')],
  ['/json', (query) => jsonReply(200, { asked: query.get('q') })],
  ['/late', () => Promise.resolve(textReply(200, 'late'))],
  [
    '/throws',
    () => {
      throw new Error('a secret reason');
    },
  ],
  ['/rejects', () => Promise.reject(new Error('a secret reason'))],
  [
    '/breaks',
    () => ({
      ...{ status: 200, type: 'text/plain' },
      stream: () => {
        throw new Error('in the middle');
      },
    }),
  ],
]);

let server: Server;
let url: string;

beforeAll(async () => {
  server = createServer(createRouter({ routes, log, allowsHost: (host) => host !== 'evil.example' }));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.close());

describe('createRouter', () => {
  it.each<[string, number, unknown]>([
    ['/', 200, 'root\n'],
    ['//', 200, 'root\n'],
    ['/json?q=a%20b', 200, '{"asked":"a b"}\n'],
    ['/late', 200, 'late\n'],
    ['/nothing', 404, 'Expected one of / /json /late /throws /rejects /breaks\n'],
    ['/../etc/passwd', 404, expect.any(String)],
    ['/json/', 404, expect.any(String)],
  ])('answers %s with %d', async (path, status, body) =>
    expect(await fetchText(`${url}/`, { path })).toMatchObject({ status, body }),
  );

  it('answers HEAD with the headers alone', async () => {
    const { status, headers, body } = await fetchText(`${url}/`, { method: 'HEAD' });
    expect([status, headers['content-length'], body]).toEqual([200, '5', '']);
  });

  it('lets a browser keep, frame, guess and run nothing of it', async () => {
    const { headers } = await fetchText(`${url}/json`);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
    });
    expect(headers['content-security-policy']).toMatch(/^default-src 'none';/);
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('refuses %s: nothing can be changed', async (method) => {
    const { status, headers } = await fetchText(`${url}/`, { method });
    expect([status, headers.allow, headers.connection]).toEqual([405, 'GET, HEAD', 'close']);
  });

  it('refuses a body', async () => {
    const withLength = await fetchText(`${url}/`, { headers: { 'Content-Length': 3 } }, 'abc');
    const inChunks = await fetchText(`${url}/`, { headers: { 'Transfer-Encoding': 'chunked' } }, 'abc');
    expect([withLength.status, inChunks.status]).toEqual([413, 413]);
  });

  it('refuses a name that is not expected, whatever is asked', async () => {
    const { status, body } = await fetchText(`${url}/`, { headers: { Host: 'evil.example' } });
    expect([status, body]).toEqual([421, expect.stringContaining('HTTP_HOSTS')]);
  });

  it.each(['*', 'http://host/', 'host:80'])('refuses the target %s', async (target) => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    let answer = '';
    for await (const chunk of socket) answer += String(chunk);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it.each(['/throws', '/rejects'])('answers 500 where %s, says why in the log alone, and goes on', async (path) => {
    log.lines.length = 0;
    const { status, body } = await fetchText(url + path);
    expect([status, body]).toEqual([500, 'The request failed; the log says why.\n']);
    expect(log.lines).toEqual([
      {
        ...{ level: 'error', message: 'http: a request failed' },
        fields: { path, error: 'Error: a secret reason' },
      },
    ]);
    expect((await fetchText(url)).status).toBe(200);
  });

  it('cuts an answer off that fails in the middle', async () => {
    await expect(fetchText(`${url}/breaks`)).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect((await fetchText(url)).status).toBe(200);
  });
});
