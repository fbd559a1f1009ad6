import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import {
  ClosedError,
  createProducer,
  QueueFullError,
  TimeoutError,
  type Producer,
  type ProducerOptions,
} from '../../src/client';
import { frames, messagesOf } from '../../src/testing/builders';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { encodeSync, encodeSynced } from '../../src/wire/sync';
import { inFolder } from '../support/fileSinks';

/** A daemon, as far as bytes go: the real one answers in e2e/nodeClient.spec.ts. */
class Peer {
  readonly server: Server;
  received = Buffer.alloc(0);
  readonly sockets: Socket[] = [];
  private readonly waiting: (() => void)[] = [];

  constructor(onSocket: (socket: Socket) => void = () => undefined) {
    this.server = createServer({ allowHalfOpen: true }, (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      socket.on('end', () => socket.end());
      socket.on('data', (chunk) => {
        this.received = Buffer.concat([this.received, chunk]);
        for (const look of this.waiting) look();
      });
      onSocket(socket);
    });
  }

  async listen(at: string): Promise<this> {
    this.server.listen(at);
    await once(this.server, 'listening');
    return this;
  }

  has(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (this.received.includes(bytes)) resolve();
      };
      this.waiting.push(look);
      look();
    });
  }

  async close(): Promise<void> {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    if (this.server.listening) await once(this.server, 'close');
  }
}

const producers: Producer[] = [];
const peers: Peer[] = [];

const producerAt = (socket: string, options: ProducerOptions = {}): Producer => {
  const producer = createProducer({ socket, reconnectMs: { first: 5, most: 20 }, ...options });
  producers.push(producer);
  return producer;
};
const peerAt = (at: string, onSocket?: (socket: Socket) => void): Promise<Peer> => {
  const peer = new Peer(onSocket);
  peers.push(peer);
  return peer.listen(at);
};

afterEach(async () => {
  await Promise.all(producers.splice(0).map((producer) => producer.close(0).catch(() => undefined)));
  await Promise.all(peers.splice(0).map((peer) => peer.close()));
});

const withSocket = (use: (socket: string) => Promise<void>): Promise<void> =>
  inFolder((folder) => use(path.join(folder, 's')));

describe('a producer', () => {
  it('connects to nothing where nothing is sent', () =>
    withSocket(async (socket) => {
      const peer = await peerAt(socket);
      await producerAt(socket).close();
      expect(peer.sockets).toEqual([]);
    }));

  it('sends what fits a frame of version 1 as one, and anything else as a record', () =>
    withSocket(async (socket) => {
      const peer = await peerAt(socket);
      const producer = producerAt(socket);
      const headers = [['h', 'v']] as const;
      await Promise.all([
        producer.send('b', 'one'),
        producer.send('b', Buffer.from('two'), { key: 'k' }),
        producer.send('b', 'three', { headers }),
        producer.send('b', null, { key: 'k' }),
        producer.send('b', 'four', { key: null, timestampMs: 5, partition: 1 }),
        producer.send('b', 'five', { key: 'k'.repeat(256) }),
      ]);
      await producer.close();
      const expected = Buffer.concat([
        encodeFrame('b', 'one'),
        encodeFrame('b', 'two', 'k'),
        encodeRecord('b', 'three', { key: '', headers }),
        encodeRecord('b', null, { key: 'k' }),
        encodeRecord('b', 'four', { key: null, timestampMs: 5, partition: 1 }),
        encodeRecord('b', 'five', { key: 'k'.repeat(256) }),
      ]);
      await peer.has(expected);
      expect(peer.received).toEqual(expected);
      expect(producer.counts()).toEqual({ written: 6, rewritten: 0, refused: 0, waitingBytes: 0, connections: 1 });
    }));

  it('keeps the order of many, over one connection', () =>
    withSocket(async (socket) => {
      const peer = await peerAt(socket);
      const producer = producerAt(socket);
      const frames = Array.from({ length: 20_000 }, (_, n) => encodeFrame('b', `message ${n}`));
      await Promise.all(frames.map((_, n) => producer.send('b', `message ${n}`)));
      await peer.has(Buffer.concat(frames));
      expect(peer.sockets).toHaveLength(1);
    }));

  it('waits for a daemon that is not there yet, and tells of it', () =>
    withSocket(async (socket) => {
      const told: string[] = [];
      const producer = producerAt(socket, { onError: ({ message }) => told.push(message) });
      const sent = producer.send('b', 'm');
      const peer = await new Promise<Peer>((resolve) => {
        const look = setInterval(() => {
          if (told.length < 2) return;
          clearInterval(look);
          resolve(peerAt(socket));
        }, 1);
      });
      await sent;
      await peer.has(encodeFrame('b', 'm'));
      expect(told[0]).toBe(`${socket}: no socket is there: start the daemon, or name its socket`);
    }));

  it('goes on over another connection where one is lost: each message comes, in order', () =>
    withSocket(async (socket) => {
      const first = await peerAt(socket);
      const producer = producerAt(socket);
      await producer.send('b', '1');
      await first.has(encodeFrame('b', '1'));
      for (const one of first.sockets) one.destroy();
      await Promise.all(['2', '3', '4'].map((message) => producer.send('b', message)));
      await producer.close();
      await first.has(encodeFrame('b', '4'));
      const received = messagesOf({ frames: [{ ...frames('b', []), bytes: first.received }] });
      // Frames that were written as the connection went are written once more.
      const { rewritten, connections } = producer.counts();
      expect([...new Set(received)]).toEqual(['1', '2', '3', '4']);
      expect(received.length).toBeLessThanOrEqual(4 + rewritten);
      expect(connections).toBeGreaterThan(1);
    }));

  it('refuses what does not fit, and what is more than may wait', () =>
    withSocket(async (socket) => {
      const producer = producerAt(socket, { maxFrameBytes: 100, maxQueueBytes: 250 });
      await expect(producer.send('', 'm')).rejects.toThrow('bucket: expected 1 to 255 bytes, got 0');
      await expect(producer.send('b', 'm'.repeat(100))).rejects.toThrow(
        'message: expected a frame of at most 100 bytes, got 103',
      );
      const waiting = [producer.send('b', 'm'.repeat(90)), producer.send('b', 'm'.repeat(90))];
      await expect(producer.send('b', 'm'.repeat(90))).rejects.toEqual(new QueueFullError(194, 250));
      expect(producer.counts()).toMatchObject({ refused: 3, waitingBytes: 194 });
      const peer = await peerAt(socket);
      await Promise.all(waiting);
      await peer.has(encodeFrame('b', 'm'.repeat(90)));
    }));

  it('holds back a program that awaits while the daemon does not read; what waits at the end is told of', () =>
    withSocket(async (socket) => {
      await peerAt(socket, (one) => one.pause());
      const producer = producerAt(socket);
      const message = 'm'.repeat(1024 * 1024);
      let taken = 0;
      const sends = Array.from({ length: 10 }, () =>
        producer.send('b', message).then(
          () => (taken += 1),
          (error: unknown) => error,
        ),
      );
      await expect(producer.close(100)).rejects.toThrow(TimeoutError);
      const ends = await Promise.all(sends);
      expect(taken).toBeLessThan(10);
      expect(ends.at(-1)).toBeInstanceOf(ClosedError);
      await expect(producer.send('b', 'm')).rejects.toThrow(ClosedError);
    }));

  it('is closed once, however often that is asked for', () =>
    withSocket(async (socket) => {
      const producer = producerAt(socket);
      const sent = producer.send('b', 'm');
      const closings = [producer.close(), producer.close()];
      const peer = await peerAt(socket);
      await Promise.all(closings.map((closing) => closing.then(() => expect(producer.counts().written).toBe(1))));
      await sent;
      await peer.has(encodeFrame('b', 'm'));
      await producer.close();
    }));

  it.each([
    ['is awaited', `send('b', 'the last')`, encodeFrame('b', 'the last'), ''],
    ['is awaited any more', 'sync()', encodeSync(1), encodeSynced({ token: 1, status: 0, messages: 0 })],
  ])(
    'does not keep a program from ending when nothing %s',
    (_, call, expected, answer) =>
      withSocket(async (socket) => {
        const peer = await peerAt(socket);
        const client = path.join(__dirname, '../../src/client');
        const script = `
          require('@swc/jest');
          const { createProducer } = require(${JSON.stringify(client)});
          void createProducer({ socket: ${JSON.stringify(socket)} }).${call};`;
        const args = ['-r', 'ts-node/register/transpile-only', '-e', script];
        const ended = promisify(execFile)(process.execPath, args, { timeout: 20_000 });
        await peer.has(expected);
        peer.sockets[0]?.write(answer);
        await ended;
      }),
    30_000,
  );
});

describe('sync', () => {
  /** Answers the sync number n, from 1, with that status and count, once it has come. */
  const answering =
    (...answers: readonly (readonly [status: 0 | 1 | 2, messages: number])[]) =>
    (peer: Peer) =>
      answers.reduce(async (before, [status, messages], index) => {
        await before;
        await peer.has(encodeSync(index + 1));
        peer.sockets.at(-1)?.write(encodeSynced({ token: index + 1, status, messages }));
      }, Promise.resolve());

  it.each([
    [0, 'delivered'],
    [1, 'backed_up'],
    [2, 'dropped'],
  ] as const)('tells what became of messages: status %i', (found, status) =>
    withSocket(async (socket) => {
      const peer = await peerAt(socket);
      const producer = producerAt(socket);
      void producer.send('b', 'm');
      const [result] = await Promise.all([producer.sync(), answering([found, 1])(peer)]);
      expect(result).toEqual({ status, messages: 1 });
    }),
  );

  it('answers several in their order', () =>
    withSocket(async (socket) => {
      const peer = await peerAt(socket);
      const producer = producerAt(socket);
      const results = [producer.sync(), producer.sync(), producer.sync()];
      await answering([0, 0], [1, 4], [0, 2])(peer);
      expect(await Promise.all(results)).toEqual([
        { status: 'delivered', messages: 0 },
        { status: 'backed_up', messages: 4 },
        { status: 'delivered', messages: 2 },
      ]);
    }));

  it('does not know where the connection is lost, before or after the sync', () =>
    withSocket(async (socket) => {
      const peer = await peerAt(socket);
      const producer = producerAt(socket);
      await producer.send('b', 'm');
      const asked = producer.sync();
      await peer.has(encodeSync(1));
      for (const one of peer.sockets) one.destroy();
      expect(await asked).toEqual({ status: 'unknown', messages: 1 });

      await producer.send('b', 'n');
      await peer.has(encodeFrame('b', 'n'));
      const lost = once(peer.sockets.at(-1) ?? peer.server, 'close');
      peer.sockets.at(-1)?.destroy();
      await lost;
      await producer.send('b', 'o');
      const [result] = await Promise.all([
        producer.sync(),
        peer
          .has(encodeSync(2))
          .then(() => peer.sockets.at(-1)?.write(encodeSynced({ token: 2, status: 0, messages: 1 }))),
      ]);
      expect(result).toEqual({ status: 'unknown', messages: 2 });
    }));

  it('ends after its time, and the next result covers those messages', () =>
    withSocket(async (socket) => {
      const peer = await peerAt(socket);
      const producer = producerAt(socket);
      void producer.send('b', 'm');
      await expect(producer.sync(20)).rejects.toThrow('what was sent is settled: expected it within 20 ms');
      void producer.send('b', 'n');
      const [result] = await Promise.all([producer.sync(), answering([2, 1], [0, 1])(peer)]);
      expect(result).toEqual({ status: 'dropped', messages: 2 });
    }));

  it.each([
    ['noise', Buffer.alloc(19, 7)],
    ['an answer to nothing', encodeSynced({ token: 9, status: 0, messages: 1 })],
  ])('takes %s for no answer, and begins a new connection', (_, bytes) =>
    withSocket(async (socket) => {
      const told: string[] = [];
      const peer = await peerAt(socket);
      const producer = producerAt(socket, { onError: ({ message }) => told.push(message) });
      void producer.send('b', 'm');
      const asked = producer.sync();
      await peer.has(encodeSync(1));
      peer.sockets[0]?.write(bytes);
      expect(await asked).toEqual({ status: 'unknown', messages: 1 });
      expect(told).toHaveLength(1);
      await producer.send('b', 'n');
      await peer.has(encodeFrame('b', 'n'));
    }),
  );
});
