import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { of } from 'rxjs';
import { createMessages, type MessagesOptions } from '../../../src/control/http/messages';
import type { Outcome, Settled } from '../../../src/model';
import { credit } from '../../../src/operators/credit';
import { encodeFrame } from '../../../src/wire/frame';
import { batchOf, outcomeOf, testEnv } from '../../../src/testing/builders';
import { eventsIn, fetchText, openRequest, type ServerEvent } from '../../support/http';
import { closeReplies, expectRoomForTwo, serveReplies } from '../../support/servedReplies';

afterEach(closeReplies);

const serving = async (parts: Partial<MessagesOptions> = {}) => {
  let nowMs = 0;
  const messages = createMessages({ allowed: true, everyMs: 60_000, nowMs: () => nowMs, ...parts });
  const served = await serveReplies((at) => messages.open(new URL(at, 'http://host').searchParams));
  return { messages, ...served, wait: (ms: number): void => void (nowMs += ms) };
};

const settledOf = (bucket: string, texts: readonly string[], outcome: Partial<Outcome> = {}): Settled => {
  const batch = batchOf(bucket, texts);
  return { batch, outcomes: [outcomeOf('s', batch, { delivered: texts.length, ...outcome })] };
};

const allOf = async (answer: IncomingMessage): Promise<readonly ServerEvent[]> => {
  const seen: ServerEvent[] = [];
  for await (const event of eventsIn(answer)) seen.push(event);
  return seen;
};

/** What was seen up to the end, in short. */
const seenIn = async (answer: IncomingMessage): Promise<readonly unknown[]> =>
  (await allOf(answer)).map(({ event, data }) => {
    const { message, count } = data as { readonly message?: string; readonly count?: number };
    return event === 'message' ? message : `${event} ${count}`;
  });

describe('createMessages', () => {
  it('reads nothing of a batch while nobody watches', async () => {
    const { messages, url } = await serving();
    expect((await fetchText(url, { method: 'HEAD' })).headers['content-type']).toBe('text/event-stream; charset=utf-8');
    const untouchable = {
      get batch(): never {
        throw new Error('it was looked at');
      },
      outcomes: [],
    };
    expect(() => messages.settled(untouchable)).not.toThrow();
    await openRequest(url);
    expect(() => messages.settled(untouchable)).toThrow('it was looked at');
  });

  it('shows a message with what became of its batch', async () => {
    const { messages, url } = await serving();
    const answer = await openRequest(`${url}?limit=1`);
    const batch = { ...batchOf('b', ['one', 'two']) };
    messages.settled({
      batch,
      outcomes: [
        outcomeOf('kafka', batch, { delivered: 1, backedUp: 1 }),
        outcomeOf('half', batch, { sampledOut: 2 }),
        outcomeOf('dead', batch, { deadLettered: 1, dropped: [{ reason: 'poison', count: 1 }] }),
      ],
    });
    expect(await allOf(answer)).toEqual([
      {
        event: 'message',
        data: {
          ...{ bucket: 'b', timestamp: '1970-01-01T00:00:00.000Z', message: 'one' },
          streams: { kafka: 'delivered|backedUp', half: 'sampledOut', dead: 'deadLettered|dropped' },
        },
      },
      { event: 'end', data: { count: 1 } },
    ]);
  });

  it('shows the buckets that are asked for, and all where none is', async () => {
    const { messages, url } = await serving();
    const [some, all] = [await openRequest(`${url}?bucket=a&bucket=c`), await openRequest(url)];
    for (const bucket of ['a', 'b', 'c', 'A']) messages.settled(settledOf(bucket, [`in ${bucket}`]));
    messages.stop();
    expect(await seenIn(some)).toEqual(['in a', 'in c', 'stop 0']);
    expect(await seenIn(all)).toEqual(['in a', 'in b', 'in c', 'in A', 'stop 0']);
  });

  it('shows as many a second as are asked for, and counts the others', async () => {
    const { messages, url, wait } = await serving();
    const answer = await openRequest(`${url}?rate=2`);
    messages.settled(settledOf('b', ['1', '2', '3']));
    messages.settled(settledOf('b', ['4', '5']));
    wait(500);
    messages.settled(settledOf('b', ['6', '7']));
    messages.stop();
    expect(await seenIn(answer)).toEqual(['1', '2', '6', 'stop 4']);
  });

  it('tells again and again how many were not seen since, which may be none', async () => {
    const { messages, url } = await serving({ everyMs: 5 });
    const answer = await openRequest(`${url}?rate=1`);
    messages.settled(settledOf('b', ['1', '2', '3']));
    const told: string[] = [];
    for await (const { event, data } of eventsIn(answer)) {
      told.push(event === 'passed' ? `passed ${(data as { readonly count: number }).count}` : event);
      if (told.length === 3) break;
    }
    expect(told).toEqual(['message', 'passed 2', 'passed 0']);
  });

  it('shows no more of a message than is asked for', async () => {
    const { messages, url } = await serving();
    const [short, byDefault] = [await openRequest(`${url}?bytes=3&limit=1`), await openRequest(`${url}?limit=1`)];
    messages.settled(settledOf('b', ['x'.repeat(5_000)]));
    expect((await allOf(short))[0]).toMatchObject({ data: { message: 'xxx', messageBytes: 5_000 } });
    expect((await allOf(byDefault))[0]).toMatchObject({ data: { message: 'x'.repeat(1_024) } });
  });

  it('shows less than is asked for where it would be more than a megabyte a second', async () => {
    const { messages, url } = await serving();
    const answer = await openRequest(`${url}?bytes=65536&rate=1000`);
    messages.settled(settledOf('b', Array<string>(100).fill('x'.repeat(65_536))));
    messages.stop();
    const seen = await seenIn(answer);
    // The 16th is over it; what waits to be read is less than all of them.
    expect(seen.length - 1).toBeLessThanOrEqual(16);
    expect(seen.at(-1)).toBe(`stop ${100 - (seen.length - 1)}`);
  });

  it('has read a batch when its memory is used again', async () => {
    const { messages, url } = await serving();
    const answer = await openRequest(`${url}?limit=1`);
    const block = encodeFrame('b', 'still here');
    const [run] = batchOf('b', ['']).frames;
    if (!run) throw new Error('expected a run');
    const batch = { ...batchOf('b', ['']), frames: [{ ...run, bytes: block }], bytes: block.length, blocks: [block] };
    const env = testEnv();
    const ledger = { ...env.ledger, settled: messages.settled };
    of({ batch, outcomes: [outcomeOf('s', batch, { delivered: 1 })] })
      .pipe(credit({ ...env, ledger }))
      .subscribe();
    expect(block.every((byte) => byte === 0xdd)).toBe(true);
    expect(await seenIn(answer)).toEqual(['still here', 'end 0']);
  });

  it('says in a line why it shows nothing', async () => {
    const { url } = await serving({ allowed: false });
    expect(await fetchText(url)).toMatchObject({
      status: 403,
      body: 'Messages are shown where HTTP is a UNIX socket, or with HTTP_MESSAGES=1; neither is set.\n',
    });
    const other = await serving();
    expect(await fetchText(`${other.url}?rate=much`)).toMatchObject({
      status: 400,
      body: 'rate: expected a whole number from 1 to 1000.\n',
    });
  });

  it('lets in so many and no more', async () => {
    const { url } = await serving({ maxClients: 2 });
    await expectRoomForTwo(url, 'Expected at most 2 who watch messages at a time; end another one.\n');
  });

  it('lets nobody in after a stop', async () => {
    const { messages, url } = await serving();
    messages.stop();
    expect(await fetchText(url)).toMatchObject({ status: 503, body: 'The daemon stops.\n' });
  });

  it('shows a client that does not read less, holds a bounded part for it, and tells it what it has missed', async () => {
    const { messages, server, port, wait } = await serving();
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    const asked = once(server, 'request');
    socket.write('GET /?rate=1000&bytes=65536&limit=999 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    const [request, response] = (await asked) as [IncomingMessage, { readonly writableLength: number }];
    const batch = settledOf('b', Array<string>(20).fill('x'.repeat(50_000)));
    let most = 0;
    // Each turn of the loop hands on what the kernel takes.
    for (let n = 0; n < 500; n += 1) {
      wait(1_000);
      messages.settled(batch);
      most = Math.max(most, response.writableLength);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(most).toBeGreaterThan(256 * 1024);
    expect(most).toBeLessThan(256 * 1024 + 60_000);
    expect(request.destroyed).toBe(false);
    messages.stop();
    let text = '';
    for await (const chunk of socket) text += String(chunk);
    const shown = text.split('event: message').length - 1;
    expect(shown).toBeLessThan(999);
    expect(text).toContain(`event: stop\ndata: {"count":${500 * 20 - shown}}`);
  });
});
