/** Run by `traffic.ts`: takes a traffic, opens its connections, and sends so many messages each time that it is told to. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { encodeFrame } from '../../src/wire/frame';
import { keyOf, messagePool } from '../messages';
import type { Sent, Traffic } from './traffic';

/** Distinct messages are at most so many and, but for the largest, so many bytes: far more than a compressor looks back on. */
const DISTINCT = 10_000;
const DISTINCT_BYTES = 16 * 1024 * 1024;
/** Connects at once. */
const CONNECTS = 256;
const RETRY_MS = 10;
const TEXT_BYTES = 1000;
const NOTHING = Buffer.alloc(0);

/** One write of each turn: whole messages, every bucket in turn, as often as it takes until no two writes are alike. */
const writesOf = ({ messageBytes, perWrite, buckets, keys }: Traffic): readonly Buffer[] => {
  const text = Buffer.from(messagePool(TEXT_BYTES).join(''));
  const least = Math.max(buckets.length, perWrite);
  const distinct = Math.max(least, Math.min(DISTINCT, Math.floor(DISTINCT_BYTES / messageBytes)));
  const frameAt = (i: number): Buffer => {
    const from = (i * messageBytes) % (text.length - messageBytes);
    const message = text.subarray(from, from + messageBytes);
    return encodeFrame(buckets[i % buckets.length] ?? '', message, keys ? keyOf(i) : '');
  };
  return Array.from({ length: Math.ceil(distinct / perWrite) }, (_, turn) =>
    Buffer.concat(Array.from({ length: perWrite }, (_message, i) => frameAt(turn * perWrite + i))),
  );
};

/** Tries again while the reader's queue is full. */
const open = async (path: string): Promise<Socket> => {
  for (;;) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
};

const openAll = async (path: string, count: number): Promise<readonly Socket[]> => {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const more = Array.from({ length: Math.min(CONNECTS, count - sockets.length) }, () => open(path));
    sockets.push(...(await Promise.all(more)));
  }
  return sockets;
};

/** Resolves when the operating system has the bytes, so waits while the other side does not read. */
const write = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())));

/** Calls `each` for 0, 1, 2 … as they become due. */
const paced = async (count: number, perSecond: number, each: (i: number) => Promise<void>): Promise<void> => {
  const started = performance.now();
  for (let done = 0; done < count;) {
    const due = Math.min(count, Math.floor(((performance.now() - started) / 1000) * perSecond));
    for (; done < due; done += 1) await each(done);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

const sendAll = async (traffic: Traffic, sockets: readonly Socket[], writes: readonly Buffer[], count: number) => {
  const { perSecond, perWrite } = traffic;
  let bytes = 0;
  const writeAt = (i: number, socket = sockets[i % sockets.length]): Promise<void> => {
    const next = writes[i % writes.length] ?? NOTHING;
    bytes += next.length;
    return socket ? write(socket, next) : Promise.resolve();
  };
  const flatOut = async (socket: Socket, first: number): Promise<void> => {
    for (let i = first; i < count; i += sockets.length) await writeAt(i, socket);
  };
  if (perSecond === undefined) await Promise.all(sockets.map(flatOut));
  else await paced(count, perSecond / perWrite, writeAt);
  return bytes;
};

const main = async (): Promise<void> => {
  const [traffic] = (await once(process, 'message')) as [Traffic];
  const writes = writesOf(traffic);
  const sockets = await openAll(traffic.socket, traffic.connections);
  process.on('message', ({ messages }: { readonly messages: number }) => {
    const count = Math.ceil(messages / traffic.perWrite);
    const started = performance.now();
    void sendAll(traffic, sockets, writes, count).then((bytes) =>
      process.send?.({
        messages: count * traffic.perWrite,
        bytes,
        seconds: (performance.now() - started) / 1000,
      } satisfies Sent),
    );
  });
  process.send?.('ready');
};

void main();
