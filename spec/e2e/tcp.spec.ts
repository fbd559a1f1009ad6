import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { encodeSync } from '../../src/wire/sync';
import { openClient, send } from '../support/client';
import { endDaemons, launchDaemon, startDaemon, temporaryFolder, type Daemon, type Ended } from '../support/daemon';
import { fileStream, finalLedger, oneBucket, refused, rowOf } from '../support/endToEnd';
import { addFiles, Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { openSyncClient } from '../support/syncClient';
import { until } from '../support/until';

const BUCKET = 'b';
const buckets = oneBucket(BUCKET, { copy: fileStream() });

afterEach(endDaemons);

interface Both {
  readonly daemon: Daemon;
  readonly tcp: string;
}

/** A daemon with a UNIX socket and a TCP port. */
const startBoth = async (env: Readonly<Record<string, string>> = {}): Promise<Both> => {
  const folder = await temporaryFolder();
  const socket = path.join(folder, 'kahets.sock');
  const daemon = await startDaemon({ folder, buckets, env: { SOCKET: `${socket},tcp://127.0.0.1:0`, ...env } });
  await daemon.waitForLog(({ msg, path: at }) => msg === 'listening' && at === socket);
  const { address } = await daemon.waitForLog(({ msg, address: at }) => msg === 'listening' && at !== undefined);
  return { daemon: { ...daemon, socket }, tcp: String(address) };
};

const expectAll = async (ended: Ended, folder: string, count: number): Promise<void> => {
  expect(ended.code).toBe(0);
  const arrivals = new Arrivals(count);
  await addFiles(arrivals, path.join(folder, 'copy', BUCKET));
  expect(arrivals.faults()).toEqual(NO_FAULTS);
};

const frames = (from: number, to: number, connection: string): Buffer =>
  Buffer.concat(Array.from({ length: to - from }, (_, n) => numberedFrame(BUCKET, from + n, { connection })));

describe('a daemon that listens at a path and a port', () => {
  it('takes messages over both at once, and a stop loses none of either', async () => {
    const { daemon, tcp } = await startBoth();
    const places = [daemon.socket, tcp];
    const EACH = 10_000;
    // Open at the stop, with bytes that the daemon may not have read.
    const clients = await Promise.all(
      places.map(async (place, index) => {
        const client = await openClient(place);
        for (let n = 0; n < EACH; n += 1_000)
          await client.write(frames(index * EACH + n, index * EACH + n + 1_000, `c${index}`));
        return client;
      }),
    );
    const short = places.flatMap((place, index) =>
      Array.from({ length: 50 }, (_, n) => {
        const from = 2 * EACH + (index * 50 + n) * 10;
        return send(place, frames(from, from + 10, `s${index}-${n}`));
      }),
    );
    await Promise.all(short);
    const ended = await daemon.stop();
    await Promise.all(clients.map(({ closed }) => closed));
    await expectAll(ended, daemon.folder, 2 * EACH + 1_000);
    expect(existsSync(daemon.socket)).toBe(false);
    await expect(openClient(tcp)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('answers over the port, also behind the end of a client', async () => {
    const { daemon, tcp } = await startBoth();
    const client = await openSyncClient(tcp);
    for (let page = 0; page < 5; page += 1) {
      client.socket.write(Buffer.concat([frames(page * 10, page * 10 + 10, 'key'), encodeSync(page)]));
      expect((await client.answered(page + 1)).at(-1)).toEqual({ token: page, status: 0, messages: 10 });
    }
    client.socket.end(Buffer.concat([frames(50, 60, 'key'), encodeSync(7)]));
    expect((await client.answered(6)).at(-1)).toEqual({ token: 7, status: 0, messages: 10 });
    await client.closed;
    await expectAll(await daemon.stop(), daemon.folder, 60);
  });

  it('goes on where clients of the port misbehave', async () => {
    const { daemon, tcp } = await startBoth({ FRAME_TIMEOUT: '500' });
    const good = await openClient(tcp);
    await good.write(frames(0, 50, 'key'));
    const half = numberedFrame(BUCKET, 0).subarray(0, 20);

    const breaksOff = await openClient(tcp);
    await breaksOff.write(half);
    breaksOff.socket.resetAndDestroy();

    const stalls = await openClient(tcp);
    await stalls.write(half);

    const halfClosed = await openClient(tcp);
    await halfClosed.write(half);
    await halfClosed.end();

    const noFrames = await openClient(tcp);
    await noFrames.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n');

    // Until it is read no more.
    const readsNothing = await openSyncClient(tcp);
    readsNothing.socket.pause();
    const syncs = Buffer.concat(Array.from({ length: 10_000 }, (_, n) => encodeSync(n)));
    let written = 0;
    while (written < 1_000 && readsNothing.socket.write(syncs)) written += 1;
    expect(written).toBeLessThan(1_000);

    await Promise.all([stalls.closed, noFrames.closed]);
    await good.write(frames(50, 100, 'key'));
    await good.end();
    readsNothing.socket.destroy();
    const ended = await daemon.stop();
    await expectAll(ended, daemon.folder, 100);
    const row = rowOf(finalLedger(ended), BUCKET, 'copy');
    expect(row).toMatchObject({ received: 100, delivered: 100, held: 0 });
    const { truncated, ...others } = refused(finalLedger(ended));
    // One more where it is cut in the midst of a sync.
    expect([3, 4]).toContain(truncated);
    expect(others).toEqual({ not_frames: 1 });
  });

  it('is ready when it listens at both, which the log and /status.json say, and counts the clients of both', async () => {
    const { daemon, tcp } = await startBoth({ HTTP: '127.0.0.1:0' });
    const { at } = await daemon.waitForLog(({ msg }) => msg.startsWith('http'));
    const clients = await Promise.all([daemon.socket, tcp, tcp].map((place) => openClient(place)));
    await Promise.all(clients.map((client) => client.write(numberedFrame(BUCKET, 0))));
    const counts = async (): Promise<readonly [connections: number, ready: boolean]> => {
      const answer = await fetch(`${String(at)}status.json`);
      const document = (await answer.json()) as { readonly connections: number; readonly daemon: { ready: boolean } };
      return [document.connections, document.daemon.ready];
    };
    await until(counts, ([connections, ready]) => connections === 3 && ready);
    expect((await daemon.stop()).code).toBe(0);
  });
});

describe('a daemon that cannot listen at all of its places', () => {
  it('ends with 73, says where, and leaves nothing at the others', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const folder = await temporaryFolder();
    const socket = path.join(folder, 'kahets.sock');
    const daemon = await launchDaemon({ folder, buckets, env: { SOCKET: `${socket},tcp://127.0.0.1:${port}` } });
    const ended = await daemon.ended;
    expect(ended.code).toBe(73);
    expect(ended.lines.at(-1)).toMatchObject({
      msg: 'cannot run',
      reason: `ListenError: SOCKET tcp://127.0.0.1:${port}: found a program that listens there (EADDRINUSE), expected a free port: end the program that listens there, or name another port`,
    });
    expect(existsSync(socket)).toBe(false);
    taken.close();
  });

  it('ends with 78 where an address is not of the loopback, and SOCKET_REMOTE does not say that it may be', async () => {
    const env = { SOCKET: 'tcp://0.0.0.0:0' };
    const refusing = await launchDaemon({ buckets, env });
    const ended = await refusing.ended;
    expect(ended.code).toBe(78);
    expect(ended.output).toContain('SOCKET: expected TCP addresses of the loopback such as tcp://127.0.0.1:9410, or');
    const daemon = await startDaemon({ buckets, env: { ...env, SOCKET_REMOTE: '1' } });
    const { address } = await daemon.waitForLog(({ msg }) => msg === 'listening');
    await send(String(address), frames(0, 10, 'key'));
    await expectAll(await daemon.stop(), daemon.folder, 10);
  });
});
