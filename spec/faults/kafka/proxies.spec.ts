import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { openFront, type Front } from '../../support/front';
import { freePorts } from '../../support/kafka';
import { randomFrom } from '../../support/random';
import { gated, resetsRequests, slowly, swallowsResponses } from './proxies';

const PRODUCE = 0;
const METADATA = 3;

const sized = (body: Buffer): Buffer => {
  const size = Buffer.alloc(4);
  size.writeInt32BE(body.length);
  return Buffer.concat([size, body]);
};

const request = (api: number, id: number, payload = ''): Buffer => {
  const head = Buffer.alloc(8);
  head.writeInt16BE(api, 0);
  head.writeInt32BE(id, 4);
  return sized(Buffer.concat([head, Buffer.from(payload)]));
};

/** Not `once`, which rejects upon the error of a reset. */
const closed = (socket: Socket): Promise<true> => new Promise((resolve) => socket.once('close', () => resolve(true)));

/** Calls `each` with the id of every whole message. */
const ids = (socket: Socket, at: number, each: (id: number, body: Buffer) => void): void => {
  let rest = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const body = rest.subarray(4, 4 + rest.readInt32BE(0));
      rest = rest.subarray(4 + body.length);
      each(body.readInt32BE(at), body);
    }
  });
};

describe('what stands between daemon and broker', () => {
  let broker: Server;
  let address: string;
  let front: Front;
  const written: number[] = [];

  beforeEach(async () => {
    written.length = 0;
    const [port = 0, frontPort = 0] = await freePorts(2);
    address = `127.0.0.1:${port}`;
    broker = createServer((socket) => {
      socket.on('error', () => undefined);
      ids(socket, 4, (id, body) => {
        written.push(id);
        const answer = Buffer.alloc(4);
        answer.writeInt32BE(id);
        socket.write(sized(Buffer.concat([answer, body.subarray(8)])));
      });
    }).listen(port, '127.0.0.1');
    await once(broker, 'listening');
    front = openFront(frontPort);
  });
  afterEach(async () => {
    await front.become(undefined);
    broker.close();
    await once(broker, 'close');
  });

  const open = async (): Promise<{ socket: Socket; answered: number[]; answer: (id: number) => Promise<void> }> => {
    const [host = '', port] = front.address.split(':');
    const socket = connect(Number(port), host);
    socket.on('error', () => undefined);
    const answered: number[] = [];
    const waits = new Map<number, () => void>();
    ids(socket, 0, (id) => {
      answered.push(id);
      waits.get(id)?.();
    });
    await once(socket, 'connect');
    return {
      socket,
      answered,
      answer: (id) =>
        new Promise((resolve) => {
          if (answered.includes(id)) resolve();
          else waits.set(id, resolve);
        }),
    };
  };

  it('swallows as many responses to Produce requests as it is told to, in pieces too, and no others', async () => {
    const swallows = swallowsResponses(address, 2);
    await front.become(swallows.service);
    const { socket, answered, answer } = await open();
    const all = Buffer.concat([1, 2, 3, 4, 5].map((id) => request(id % 2 === 0 ? METADATA : PRODUCE, id)));
    for (const byte of all) socket.write(Buffer.of(byte));
    await answer(5);
    expect(answered).toEqual([2, 4, 5]);
    expect(written).toEqual([1, 2, 3, 4, 5]);
    expect(swallows.count()).toBe(2);
    socket.destroy();
  });

  it('resets connections within Produce requests and before their responses, and lets some through between', async () => {
    const resets = resetsRequests(address, 6, randomFrom(1), 1);
    await front.become(resets.service);
    const seen = { reset: 0, writtenAnyway: 0 };
    for (let id = 0; id < 12; id += 1) {
      const { socket, answer } = await open();
      const isClosed = closed(socket);
      socket.write(request(PRODUCE, id, 'payload'));
      const wasReset = await Promise.race([isClosed, answer(id).then(() => false)]);
      seen.reset += wasReset ? 1 : 0;
      seen.writtenAnyway += wasReset && written.includes(id) ? 1 : 0;
      socket.destroy();
    }
    expect(resets.count()).toBe(6);
    expect(seen.reset).toBe(6);
    expect(seen.writtenAnyway).toBeGreaterThan(0);
    expect(seen.writtenAnyway).toBeLessThan(6);
  });

  it('delays each way', async () => {
    await front.become(slowly(address, { delayMs: 100 }));
    const { socket, answer } = await open();
    const startMs = performance.now();
    socket.write(request(PRODUCE, 1));
    await answer(1);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(195);
    socket.destroy();
  });

  it('carries so many bytes a second and no more, all of them and in order', async () => {
    await front.become(slowly(address, { bytesPerSecond: 1_000_000 }));
    const { socket, answered, answer } = await open();
    const startMs = performance.now();
    for (let id = 0; id < 10; id += 1) socket.write(request(PRODUCE, id, 'x'.repeat(30_000)));
    await answer(9);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(295);
    expect(answered).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    socket.destroy();
  });

  it('goes silent without a word, and resets what stood when it is opened again', async () => {
    const gate = gated(address);
    await front.become(gate.service);
    const before = await open();
    before.socket.write(request(PRODUCE, 1));
    await before.answer(1);
    gate.shut();
    before.socket.write(request(PRODUCE, 2));
    const during = await open();
    during.socket.write(request(PRODUCE, 3));
    const ended = Promise.all([before, during].map(({ socket }) => closed(socket)));
    gate.open();
    await ended;
    const after = await open();
    after.socket.write(request(PRODUCE, 4));
    await after.answer(4);
    expect(written).toEqual([1, 4]);
    after.socket.destroy();
  });
});
