import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import path from 'node:path';
import type { StatusDocument } from '../../src/control/status/document';
import { encodeFrame } from '../../src/wire/frame';
import { openClient, send } from '../support/client';
import {
  endDaemons,
  launchDaemon,
  MAIN,
  startDaemon,
  temporaryFolder,
  type Daemon,
  type DaemonOptions,
} from '../support/daemon';
import { fileStream, finalLedger, noBroker, oneBucket, ROOT, rowOf } from '../support/endToEnd';
import { eventsIn, fetchJson, fetchText, openRequest } from '../support/http';
import { urlOf } from '../support/statusDemo';
import { until } from '../support/until';

afterEach(endDaemons);

const toFile = oneBucket('b', { copy: fileStream() });

const startServing = async (options: DaemonOptions = {}): Promise<{ daemon: Daemon; url: string }> => {
  const daemon = await startDaemon({ buckets: toFile, ...options, env: { HTTP: '127.0.0.1:0', ...options.env } });
  return { daemon, url: await urlOf(daemon) };
};

const statusOf = (url: string): Promise<StatusDocument> => fetchJson<StatusDocument>(`${url}status.json`);

const messages = (bucket: string, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => encodeFrame(bucket, `message ${n}`)));

/** Runs `kahets tail` as somebody does beside the daemon. */
const startTail = (args: readonly string[]) => {
  const child = spawn(process.execPath, [MAIN, 'tail', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { child, ended, out: () => out, err: () => err };
};

describe('HTTP of the daemon', () => {
  it('is off unless it is asked for', async () => {
    const daemon = await startDaemon({ buckets: toFile, env: { HTTP: '' } });
    await send(daemon.socket, messages('b', 10));
    const { lines } = await daemon.stop();
    expect(lines.filter(({ msg }) => msg.startsWith('http'))).toEqual([]);
  });

  it('tells what flows, and its counts are those of the books', async () => {
    const { daemon, url } = await startServing({ env: { HTTP_MESSAGES: 1 } });
    const clients = await Promise.all([1, 2, 3].map(() => openClient(daemon.socket)));
    await clients[0]?.write(messages('b', 100));
    await clients[1]?.write(messages('<typo>', 2));
    const status = await until(
      () => statusOf(url),
      ({ streams, refused }) => streams[0]?.totals.delivered === 100 && refused === 2,
    );
    expect(status).toMatchObject({
      version: 1,
      daemon: { pid: daemon.pid, socket: daemon.socket, phase: 'listening', ready: true },
      ...{ connections: 3, received: 102, refused: 2 },
      streams: [{ id: 'copy', type: 'file', to: 'files copy/*/*', state: 'up' }],
      buckets: { matching: 1, rows: [{ bucket: 'b', stream: 'copy', received: 100, delivered: 100, held: 0 }] },
      discards: [{ bucket: '<typo>', reason: 'no_such_bucket', count: 2, prefix: 'message 0' }],
    });
    expect(status.lines.map(({ message }) => message)).toContain('no such bucket, messages dropped');

    const { body } = await fetchText(`${url}metrics`);
    expect(body).toContain('kahets_messages_received_total{bucket="b",stream="copy"} 100\n');
    expect(body).toContain('kahets_messages_delivered_total{bucket="b",stream="copy"} 100\n');
    expect(body).toContain(
      'kahets_messages_dropped_total{bucket="(none)",stream="(none)",reason="no_such_bucket"} 2\n',
    );
    expect(body).toContain('kahets_connections 3\n');
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger(ended), 'b', 'copy')).toMatchObject({ received: 100, delivered: 100 });
  });

  it('serves the metrics that docs/metrics.md lists, and no others', async () => {
    const { daemon, url } = await startServing();
    await send(daemon.socket, messages('b', 1));
    const { body } = await fetchText(`${url}metrics`);
    const served = [...body.matchAll(/^# TYPE (kahets_\w+) (\w+)$/gm)].map(([, name, type]) => `${name} ${type}`);
    const page = readFileSync(path.join(ROOT, 'docs/metrics.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `(kahets_\w+)`[^|]*\| (\w+) \|/gm)].map(
      ([, name, type]) => `${name} ${type}`,
    );
    expect(served.sort()).toEqual(listed.sort());
  });

  it('shows a stream that is down, what its backup has, and that it comes from a variable nowhere', async () => {
    const broker = await noBroker();
    const { daemon, url } = await startServing({
      env: { KAFKA_PASSWORD: 'hunter2-of-kafka', HTTP_MESSAGES: 1 },
      buckets: oneBucket('b', {
        kafka: {
          type: 'kafka',
          settings: {
            ...{ 'bootstrap.servers': broker, 'security.protocol': 'SASL_PLAINTEXT', 'sasl.mechanism': 'PLAIN' },
            ...{ 'sasl.username': 'me', 'sasl.password': '${KAFKA_PASSWORD}', 'queue.buffering.max.ms': 20 },
          },
          backup: {
            type: 'file',
            replay: true,
            settings: { path: './backup', sizeRotate: '1KB', fileNameTemplate: '{bucket}{PS}{ts}' },
          },
          failover: { afterMs: 1000, retryMs: 500 },
        },
      }),
    });
    await send(daemon.socket, messages('b', 50));
    await until(
      () => statusOf(url),
      ({ streams: [stream] }) => stream?.totals.backedUp === 50,
    );
    // They fill a file, so that these go to the next.
    await send(daemon.socket, messages('b', 10));
    const { streams } = await until(
      () => statusOf(url),
      ({ streams: [stream] }) => stream?.totals.backedUp === 60 && stream.backup?.waiting.files === 1,
    );
    expect(streams).toEqual([
      expect.objectContaining({
        ...{ id: 'kafka', type: 'kafka', to: `Kafka at ${broker}`, state: 'open' },
        cause: expect.stringContaining('ECONNREFUSED') as unknown,
        backup: expect.objectContaining({
          type: 'file',
          to: 'files backup/*/*',
          replays: true,
          messages: 60,
        }) as unknown,
      }),
    ]);
    const paths = ['status.json', 'metrics', 'health/live', 'health/ready', ''];
    const bodies = await Promise.all(paths.map(async (name) => (await fetchText(url + name)).body));
    expect(bodies.join('\n')).not.toContain('hunter2');
    expect(bodies[1]).toContain('kahets_stream_state{stream="kafka",state="open"} 1\n');
    expect(bodies[1]).toContain('kahets_messages_backed_up_total{bucket="b",stream="kafka"} 60\n');
    expect(bodies[1]).toMatch(/^kahets_backup_bytes\{stream="kafka"\} [1-9]/m);
  });

  it('is not ready while it stops, tells listeners, and does not wait for them', async () => {
    const { daemon, url } = await startServing({
      env: { DRAIN_TIMEOUT: '2s' },
      buckets: oneBucket('b', {
        kafka: { type: 'kafka', settings: { 'bootstrap.servers': await noBroker(), 'queue.buffering.max.ms': 20 } },
      }),
    });
    await send(daemon.socket, messages('b', 10));
    await until(
      () => statusOf(url),
      ({ received }) => received === 10,
    );
    const answer = await openRequest(`${url}events`);
    const seen: string[] = [];
    const listening = (async () => {
      for await (const { event } of eventsIn(answer)) seen.push(event);
    })();
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    await once(idle, 'connect');
    const stopped = daemon.stop();
    await daemon.waitForLog(({ msg }) => msg === 'stopping');
    await listening;
    expect(seen.at(-1)).toBe('stop');
    const { status, body } = await fetchText(`${url}health/ready`);
    expect([status, JSON.parse(body)]).toEqual([503, expect.objectContaining({ phase: 'stopping', ready: false })]);
    expect((await fetchText(`${url}events`)).status).toBe(503);
    // What nobody took in two seconds is in the spool.
    expect((await stopped).code).toBe(0);
    idle.destroy();
  });

  it('shows messages that pass, and delivers all of them though somebody who watches does not read', async () => {
    const { daemon, url } = await startServing({ env: { HTTP_MESSAGES: 1 } });
    const idle = connect(Number(new URL(url).port), '127.0.0.1');
    idle.pause();
    idle.write('GET /messages?rate=1000 HTTP/1.1\r\nHost: localhost\r\n\r\n');
    const tail = startTail(['b', '--http', new URL(url).host, '--raw', '--rate', '1000']);
    const client = await openClient(daemon.socket);
    let sent = 0;
    const passAgain = async (): Promise<void> => {
      await client.write(messages('b', 5_000));
      sent += 5_000;
      await until(
        () => statusOf(url),
        ({ streams }) => streams[0]?.totals.delivered === sent,
      );
    };
    while (!tail.out().includes('message 0\n')) await passAgain();
    tail.child.kill('SIGINT');
    expect(await tail.ended).toBe(0);
    expect(tail.out()).toMatch(/^(?:message \d+\n)+$/);
    await passAgain();
    await client.end();
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger(ended), 'b', 'copy')).toMatchObject({ received: sent, delivered: sent });
    idle.destroy();
  });

  it('shows no messages on a port unless they may be shown, and on a UNIX socket to whom it is open', async () => {
    const { url } = await startServing();
    const refused = startTail(['--http', new URL(url).host]);
    expect(await refused.ended).toBe(77);
    expect(refused.err()).toContain('HTTP_MESSAGES=1');
    const folder = await temporaryFolder();
    const daemon = await startDaemon({ folder, buckets: toFile, env: { HTTP: 'unix:./http.sock' } });
    const options = { socketPath: path.join(folder, 'http.sock') };
    const answer = await openRequest('http://localhost/messages?limit=1', options);
    await send(daemon.socket, encodeFrame('b', '\u001b[2Jone', 'key'));
    const seen: unknown[] = [];
    for await (const { data } of eventsIn(answer)) seen.push(data);
    expect(seen).toEqual([
      {
        ...{ bucket: 'b', timestamp: expect.any(String) as unknown, key: 'key', message: '\u001b[2Jone' },
        streams: { copy: 'delivered' },
      },
      { count: 0 },
    ]);
  });

  it('listens on a UNIX socket for its group, replaces a stale one, and removes its own', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'http.sock');
    const options = { folder, buckets: toFile, env: { HTTP: 'unix:./http.sock' } };
    const first = await startDaemon(options);
    expect(statSync(file).mode & 0o777).toBe(0o660);
    expect((await fetchText('http://any.name/health/ready', { socketPath: file })).status).toBe(200);
    await first.stop('SIGKILL');
    expect(existsSync(file)).toBe(true);
    const second = await startDaemon(options);
    expect((await fetchText('http://localhost/health/ready', { socketPath: file })).status).toBe(200);
    expect((await second.stop()).code).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it('does not start where its port is in use, and says so', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const daemon = await launchDaemon({ buckets: toFile, env: { HTTP: port } });
    const { code, lines } = await daemon.ended;
    other.close();
    expect(code).toBe(73);
    expect(lines.find(({ msg }) => msg === 'cannot run')).toMatchObject({
      level: 'FATAL',
      reason: `HTTP 127.0.0.1:${port}: found a program that listens there (EADDRINUSE), expected a free port: end the program that listens there, or name another port`,
    });
    expect(existsSync(daemon.socket)).toBe(false);
  });

  it('lives through whatever comes to its port, and delivers meanwhile', async () => {
    const { daemon, url } = await startServing();
    const port = Number(new URL(url).port);
    const noise: readonly (string | Buffer)[] = [
      'GET\r\n\r\n',
      '\0\0\0\0',
      encodeFrame('b', 'a frame'),
      'GET / HTTP/1.1\r\n\r\n',
      'GET http://evil/ HTTP/1.1\r\nHost: localhost\r\n\r\n',
      'GET /%00%ff%zz?bucket=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n',
      `GET /${'x'.repeat(30_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
      'POST /status.json HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\nhalf',
      'GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'CONNECT evil:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
    ];
    await Promise.all(
      Array.from({ length: 200 }, async (_, n) => {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => undefined);
        socket.resume();
        socket.write(noise[n % noise.length] ?? '');
        setTimeout(() => socket.destroy(), 300);
        // Not events.once, which fails where the daemon resets the connection.
        await new Promise((resolve) => socket.once('close', resolve));
      }),
    );
    await send(daemon.socket, messages('b', 100));
    const status = await until(
      () => statusOf(url),
      ({ streams }) => streams[0]?.totals.delivered === 100,
    );
    expect(status.received).toBe(100);
    expect(status.lines).toEqual([]);
    expect((await daemon.stop()).code).toBe(0);
  });

  it('holds on to no client that says nothing', async () => {
    const { url } = await startServing();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.resume();
    socket.write('GET / HTTP/1.1\r\nHost: loc');
    await once(socket, 'close');
    expect((await fetchText(`${url}health/live`)).status).toBe(200);
  }, 40_000);
});
