import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { createEvents, type Events, type EventsOptions } from '../../../src/control/http/events';
import { eventsIn, fetchText, openRequest } from '../../support/http';
import { closeReplies, expectRoomForTwo, serveReplies } from '../../support/servedReplies';

/** What is looked at is how often it was. */
const serving = async (parts: Partial<EventsOptions<number, string>> = {}) => {
  const looks: (number | undefined)[] = [];
  const events: Events<string> = createEvents<number, string>({
    look: (before) => {
      looks.push(before);
      return looks.length;
    },
    tell: (moment, question) => ({ moment, question }),
    everyMs: 5,
    ...parts,
  });
  return { events, looks, ...(await serveReplies(events.open)) };
};

afterEach(closeReplies);

const take = async (answer: IncomingMessage, count: number): Promise<readonly unknown[]> => {
  const taken: unknown[] = [];
  for await (const event of eventsIn(answer)) if (taken.push(event) === count) break;
  return taken;
};

describe('createEvents', () => {
  it('looks at nothing while nobody listens', async () => {
    const { looks, url } = await serving();
    expect((await fetchText(url, { method: 'HEAD' })).headers['content-type']).toBe('text/event-stream; charset=utf-8');
    expect(looks).toEqual([]);
  });

  it('tells at once, then again and again, and stops when the client goes', async () => {
    const { looks, url, server } = await serving();
    const answer = await openRequest(`${url}question`);
    expect(await take(answer, 3)).toEqual(
      [1, 2, 3].map((moment) => ({ event: 'status', data: { moment, question: '/question' } })),
    );
    answer.destroy();
    // The server knows when all of its connections are gone.
    server.close();
    await once(server, 'close');
    const { length } = looks;
    expect(looks.slice(0, 3)).toEqual([undefined, 1, 2]);
    await new Promise((resolve) => setTimeout(resolve, 25));
    expect(looks).toHaveLength(length);
  });

  it('tells the browser when to come again', async () => {
    const { port } = await serving();
    const socket = connect(port, '127.0.0.1');
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    let text = '';
    for await (const chunk of socket) {
      text += String(chunk);
      if (text.includes('event: status')) break;
    }
    expect(text).toContain('retry: 2000\n\n');
  });

  it('looks once for all who listen, and answers the question of each', async () => {
    const { looks, url } = await serving({ everyMs: 60_000 });
    const answers = await Promise.all(['a', 'b', 'c'].map((question) => openRequest(url + question)));
    const told = await Promise.all(answers.map((answer) => take(answer, 1)));
    expect(told).toEqual(['/a', '/b', '/c'].map((question) => [{ event: 'status', data: { moment: 1, question } }]));
    expect(looks).toEqual([undefined]);
  });

  it('lets in so many and no more', async () => {
    const { url } = await serving({ maxClients: 2 });
    await expectRoomForTwo(url, 'Expected at most 2 clients at a time; close another page.\n');
  });

  it('ends at a stop, with a last word, and lets nobody in', async () => {
    const { events, url } = await serving({ everyMs: 60_000 });
    const answer = await openRequest(url);
    const told = take(answer, 10);
    events.stop();
    expect(await told).toMatchObject([{ event: 'status' }, { event: 'stop' }]);
    expect((await fetchText(url)).status).toBe(503);
  });

  it('writes nothing more after its last word to a client that has not read it all yet', async () => {
    const big = 'x'.repeat(200_000);
    const { events, server, port, looks } = await serving({ tell: () => big, everyMs: 5 });
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [, response] = (await once(server, 'request')) as [IncomingMessage, ServerResponse];
    const errors: unknown[] = [];
    response.on('error', (error) => errors.push(error));
    while (response.writableLength === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    events.stop();
    const { length } = looks;
    await new Promise((resolve) => setTimeout(resolve, 25));
    expect([errors, looks.length]).toEqual([[], length]);
    socket.destroy();
  });

  it('keeps no place for a request that waits behind another on its connection', async () => {
    const { server, port, url } = await serving({ maxClients: 2, everyMs: 60_000 });
    const socket = connect(port, '127.0.0.1');
    const requests: IncomingMessage[] = [];
    server.on('request', (request: IncomingMessage) => requests.push(request));
    socket.write('GET /1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /2 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    while (requests.length < 2) await once(server, 'request');
    const gone = new Promise((resolve) => requests[0]?.socket.once('close', resolve));
    socket.destroy();
    await gone;
    const answers = [await openRequest(url), await openRequest(url)];
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  });

  it('drops a client that does not read, and holds a bounded part of what it has missed', async () => {
    const big = 'x'.repeat(200_000);
    const { server, port, looks } = await serving({ tell: () => big, everyMs: 1 });
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const [request] = (await once(server, 'request')) as [IncomingMessage];
    await once(request.socket, 'close');
    // What the kernel takes, a megabyte of ours, and one event more.
    expect(looks.length).toBeLessThan(100);
    socket.destroy();
  });
});
