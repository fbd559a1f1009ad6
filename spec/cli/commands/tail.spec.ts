import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { Subject } from 'rxjs';
import { jsonLine, rawLine } from '../../../src/cli/commands/tail/lines';
import type { HttpAddress } from '../../../src/config/envCodecs';
import { batchOf, outcomeOf } from '../../../src/testing/builders';
import { freePorts } from '../../support/kafka';
import { closeMonitors, serveMonitor, type ServedMonitor } from '../../support/servedMonitor';
import { run, type Ran } from './harness';

const servers: Server[] = [];
afterEach(async () => {
  await closeMonitors();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

const textOf = (address: HttpAddress): string =>
  address.kind === 'tcp' ? `${address.host}:${address.port}` : address.path;

const settle = ({ env }: ServedMonitor, bucket: string, texts: readonly string[]): void => {
  const batch = batchOf(bucket, texts);
  env.ledger.settled({ batch, outcomes: [outcomeOf('s', batch, { delivered: texts.length })] });
};

/** Runs it; until it has ended batches settle again and again, since nobody sees from when on it watches. */
const tailing = async ({ address }: ServedMonitor, settles: () => void, args: readonly string[]): Promise<Ran> => {
  const settling = setInterval(settles, 2);
  try {
    return await run(['tail', '--http', textOf(address), ...args]);
  } finally {
    clearInterval(settling);
  }
};

const message = (text: string): string => `event: message\ndata: ${JSON.stringify({ message: text })}\n\n`;
const passed = (count: number): string => `event: passed\ndata: {"count":${count}}\n\n`;
const STOP = 'event: stop\ndata: {"count":0}\n\n';

/** A daemon that says this, and then again and again that it is there. */
const saying = async (...events: readonly string[]) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(events.join(''));
    const again = setInterval(() => response.write(passed(0)), 10);
    response.once('close', () => clearInterval(again));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  return { asked, address: `127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const linesIn = ({ out }: Ran): readonly unknown[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('kahets tail', () => {
  it('shows messages as lines of JSON, with what became of them', async () => {
    const served = await serveMonitor({ settings: { showMessages: true } });
    const ran = await tailing(served, () => settle(served, 'b', ['one', 'two']), ['--limit', '3', '--rate', '1000']);
    const line = { bucket: 'b', timestamp: '1970-01-01T00:00:00.000Z', streams: { s: 'delivered' } };
    expect(ran).toMatchObject({ code: 0, err: '' });
    expect(linesIn(ran)).toEqual(['one', 'two', 'one'].map((text) => ({ ...line, message: text })));
  });

  it('shows of the buckets that are named as much as is asked for', async () => {
    const served = await serveMonitor({ settings: { showMessages: true } });
    const settles = (): void => ['a...', 'b...', 'c...'].forEach((text) => settle(served, text.slice(0, 1), [text]));
    const args = ['c', 'a', '--limit', '4', '--raw', '--rate', '1000', '--bytes', '2'];
    expect(await tailing(served, settles, args)).toEqual({ code: 0, out: 'a.\nc.\na.\nc.\n', err: '' });
  });

  it('asks for ten a second of all, and a kilobyte of each', async () => {
    const { asked, address } = await saying(message('a'));
    await run(['tail', '--http', address, '--limit', '1']);
    await run(['tail', '--http', address, '--limit', '1', 'a b', 'é', '--rate', '1000', '--bytes', '64KB']);
    expect(asked).toEqual(['/messages?rate=10&bytes=1024', '/messages?rate=1000&bytes=65536&bucket=a+b&bucket=%C3%A9']);
  });

  it('says when the daemon stops, and how many messages it did not show', async () => {
    const { address } = await saying(message('a'), passed(1_200), passed(0), message('b'), passed(34), STOP);
    expect(await run(['tail', '--http', address, '--raw'], { now: () => 0 })).toEqual({
      code: 69,
      out: 'a\nb\n',
      err: `kahets: 1,234 more passed\nkahets: ${address}: the daemon stops\n`,
    });
  });

  it('says it every five seconds, at most', async () => {
    const { address } = await saying(...Array.from({ length: 12 }, () => passed(1)), message('a'));
    let nowMs = 0;
    const { err } = await run(['tail', '--http', address, '--limit', '1'], { now: () => (nowMs += 500) });
    const more = expect.stringMatching(/^kahets: \d+ more passed$/) as unknown;
    expect(err.split('\n')).toEqual([more, more, '']);
    const counts = err.match(/\d+/g) ?? [];
    expect(counts.reduce((sum, count) => sum + Number(count), 0)).toBe(12);
  });

  it('ends at Ctrl-C, with 0', async () => {
    const { address } = await saying(message('a'), passed(5));
    const interrupted$ = new Subject<void>();
    const stdout = new PassThrough();
    stdout.once('data', () => interrupted$.next());
    expect(await run(['tail', '--http', address], { interrupted$, stdout: () => stdout })).toMatchObject({ code: 0 });
  });

  it('counts what nobody reads as passed, and holds nothing for him', async () => {
    const { address } = await saying(...Array.from({ length: 100 }, () => message('x'.repeat(1_000))), STOP);
    const written: number[] = [];
    const stdout = new Writable({ highWaterMark: 10_000, write: (chunk: Buffer) => void written.push(chunk.length) });
    const { err } = await run(['tail', '--http', address], { stdout: () => stdout });
    expect(stdout.writableLength).toBeLessThan(11_100);
    expect(err).toContain('kahets: 90 more passed\n');
  });

  it('ends when its reader has, and says nothing', async () => {
    const { address } = await saying(message('a'));
    const stdout = new PassThrough();
    stdout.once('data', () => stdout.destroy());
    expect(await run(['tail', '--http', address], { stdout: () => stdout })).toEqual({ code: 0, out: '', err: '' });
  });

  it('says where messages are not shown', async () => {
    const { address } = await serveMonitor({ settings: { showMessages: false } });
    const { code, err } = await run(['tail', '--http', textOf(address)]);
    expect(code).toBe(77);
    expect(err).toContain('Messages are shown where HTTP is a UNIX socket, or with HTTP_MESSAGES=1');
  });

  it('says that no daemon is there', async () => {
    const address = `127.0.0.1:${(await freePorts(1))[0]}`;
    expect(await run(['tail', '--http', address])).toMatchObject({
      ...{ code: 69, out: '' },
      err: expect.stringContaining(`kahets: ${address}: nobody listens there`) as unknown,
    });
  });

  it('asks where the environment says', async () => {
    const { address } = await saying(message('a'));
    expect(await run(['tail', '--limit', '1'], { environment: { HTTP: address } })).toMatchObject({ code: 0 });
    expect(await run(['tail'])).toMatchObject({ code: 78, err: expect.stringContaining('HTTP is not set') as unknown });
  });

  it.each([
    ['--rate', '0'],
    ['--rate', '1001'],
    ['--bytes', '65KB'],
    ['--limit', 'none'],
  ])('%s %s is wrong usage', async (option, value) => {
    expect(await run(['tail', option, value])).toMatchObject({ code: 64, out: '' });
  });
});

describe('a line', () => {
  const evil = 'a\u001b[2J\u007f\u009b\u202e\u{e0001}\t\nb';

  it('of JSON holds nothing that a terminal acts on, and reads as what it was', () => {
    const line = jsonLine({ message: evil });
    expect(line).toBe('{"message":"a\\u001b[2J\\u007f\\u009b\\u202e\\udb40\\udc01\\t\\nb"}\n');
    expect(JSON.parse(line)).toEqual({ message: evil });
  });

  it('of a message alone is the message, unless it is for a terminal', () => {
    expect(rawLine({ message: evil }, false)).toEqual(Buffer.from(`${evil}\n`));
    expect(rawLine({ messageBase64: '/wA=' }, false)).toEqual(Buffer.of(0xff, 0, 0x0a));
    expect(rawLine({ message: null }, false)).toEqual(Buffer.from('\n'));
    expect(rawLine({ message: evil }, true).toString()).toBe('a\\x1b[2J\\x7f\\x9b\\u{202e}\\u{e0001}\\x09\nb\n');
    expect(rawLine({ messageBase64: '/wA=' }, true).toString()).toBe('\ufffd\\x00\n');
  });

  it('is for a terminal where standard output is one', async () => {
    const { address } = await saying(message('\u001b'));
    const args = ['tail', '--http', address, '--raw', '--limit', '1'];
    expect((await run(args)).out).toBe('\u001b\n');
    const before = process.stdout.isTTY;
    process.stdout.isTTY = true;
    try {
      expect((await run(args)).out).toBe('\\x1b\n');
    } finally {
      process.stdout.isTTY = before;
    }
  });
});
