/** A TCP port that throws away the batches of the bare program, answers each with one byte, and counts what was read for them. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Arrivals } from '../growth/measure';
import { DELIVERY_TIMEOUT_MS } from '../timeouts';
import { HEADER_BYTES } from './protocol';

const POLL_MS = 20;
const ANSWER = Buffer.of(0);

export interface Drain {
  readonly port: number;
  readonly arrivals: Arrivals;
  readonly close: () => Promise<void>;
}

export const openDrain = async (): Promise<Drain> => {
  let read = 0;
  const sockets = new Set<Socket>();
  const drain = (socket: Socket): void => {
    sockets.add(socket);
    let head: Buffer = Buffer.alloc(0);
    let payload = 0;
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length;) {
        if (payload > 0) {
          const taken = Math.min(payload, chunk.length - at);
          at += taken;
          payload -= taken;
        } else {
          const taken = chunk.subarray(at, at + HEADER_BYTES - head.length);
          at += taken.length;
          head = Buffer.concat([head, taken]);
          if (head.length < HEADER_BYTES) return;
          payload = head.readUInt32LE(0);
        }
        if (payload > 0 || head.length < HEADER_BYTES) continue;
        read += head.readUInt32LE(4);
        head = Buffer.alloc(0);
        socket.write(ANSWER);
      }
    });
    socket.on('error', () => socket.destroy());
  };
  const server = createServer(drain).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    arrivals: {
      of: ({ bytes }) => bytes,
      wait: async (wanted) => {
        const deadline = Date.now() + DELIVERY_TIMEOUT_MS;
        while (read < wanted && Date.now() < deadline) await sleep(POLL_MS);
        return read;
      },
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
};
