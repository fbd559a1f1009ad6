/** What may stand between daemon and broker, as services of a front. */
import { connect, type Socket } from 'node:net';
import type { Service } from '../../support/front';
import { between } from '../../support/random';

const PRODUCE = 0;
const SIZE_BYTES = 4;
/** Bytes that a slow line holds before it takes no more. */
const LINE_BYTES = 64 * 1024;

/** Calls `each` with every whole request or response, its size included. */
const byMessage = (each: (message: Buffer) => void): ((chunk: Buffer) => void) => {
  let rest = Buffer.alloc(0);
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= SIZE_BYTES && rest.length >= SIZE_BYTES + rest.readInt32BE(0)) {
      const end = SIZE_BYTES + rest.readInt32BE(0);
      each(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
};

const isProduce = (request: Buffer): boolean => request.readInt16BE(SIZE_BYTES) === PRODUCE;
const correlationOfRequest = (request: Buffer): number => request.readInt32BE(SIZE_BYTES + 4);
const correlationOfResponse = (response: Buffer): number => response.readInt32BE(SIZE_BYTES);

/** A connection of our own to the broker that lives as long as `socket` does, and the other way round. */
const upstreamOf = (socket: Socket, address: string): Socket => {
  const [host = '', port] = address.split(':');
  const upstream = connect({ host, port: Number(port), noDelay: true });
  socket.setNoDelay(true);
  upstream.on('error', () => socket.destroy());
  upstream.once('close', () => socket.destroy());
  socket.once('close', () => upstream.destroy());
  return upstream;
};

/** How often it did what it does. */
export interface Counted {
  readonly service: Service;
  readonly count: () => number;
}

/** Forwards all but the responses to `times` Produce requests: the broker has written them, and nobody hears of it. */
export const swallowsResponses = (address: string, times: number): Counted => {
  let swallowed = 0;
  const service: Service = (socket) => {
    const upstream = upstreamOf(socket, address);
    const produces = new Set<number>();
    const look = byMessage((request) => {
      if (isProduce(request)) produces.add(correlationOfRequest(request));
    });
    socket.on('data', (chunk: Buffer) => {
      look(chunk);
      upstream.write(chunk);
    });
    upstream.on(
      'data',
      byMessage((response) => {
        const answersProduce = produces.delete(correlationOfResponse(response));
        if (answersProduce && swallowed < times) swallowed += 1;
        else socket.write(Buffer.from(response));
      }),
    );
  };
  return { service, count: () => swallowed };
};

/**
 * Resets the connection within `times` Produce requests: at a random byte of it, or when all of it has been written by the
 * broker and the response is under way. Between two of them `spared` go through, so that some progress is made.
 */
export const resetsRequests = (address: string, times: number, random: () => number, spared = 2): Counted => {
  let resets = 0;
  let since = 0;
  const service: Service = (socket) => {
    const upstream = upstreamOf(socket, address);
    const doomed = new Set<number>();
    const reset = (): void => {
      resets += 1;
      socket.resetAndDestroy();
      upstream.resetAndDestroy();
    };
    socket.on(
      'data',
      byMessage((request) => {
        if (upstream.destroyed) return;
        since += isProduce(request) ? 1 : 0;
        if (!isProduce(request) || resets + doomed.size >= times || since <= spared) {
          upstream.write(Buffer.from(request));
          return;
        }
        since = 0;
        if (random() < 0.5) {
          doomed.add(correlationOfRequest(request));
          upstream.write(Buffer.from(request));
          return;
        }
        upstream.write(Buffer.from(request.subarray(0, between(random, 1, request.length - 1))), reset);
      }),
    );
    upstream.on(
      'data',
      byMessage((response) => {
        if (doomed.delete(correlationOfResponse(response))) reset();
        else socket.write(Buffer.from(response));
      }),
    );
  };
  return { service, count: () => resets };
};

export interface Line {
  /** Each way. Default: 0. */
  readonly delayMs?: number;
  /** Each way. Default: no bound. */
  readonly bytesPerSecond?: number;
}

const carry = (from: Socket, to: Socket, { delayMs = 0, bytesPerSecond = Infinity }: Line): void => {
  let freeMs = 0;
  let onTheWay = 0;
  from.on('data', (chunk: Buffer) => {
    const nowMs = performance.now();
    freeMs = Math.max(nowMs, freeMs) + (chunk.length * 1000) / bytesPerSecond;
    onTheWay += chunk.length;
    if (bytesPerSecond < Infinity && onTheWay > LINE_BYTES) from.pause();
    setTimeout(
      () => {
        onTheWay -= chunk.length;
        if (onTheWay <= LINE_BYTES) from.resume();
        if (!to.destroyed) to.write(chunk);
      },
      freeMs + delayMs - nowMs,
    );
  });
};

/** A long or narrow line. */
export const slowly =
  (address: string, line: Line): Service =>
  (socket) => {
    const upstream = upstreamOf(socket, address);
    carry(socket, upstream, line);
    carry(upstream, socket, line);
  };

export interface Gate {
  readonly service: Service;
  /** Nothing is forwarded any more, in neither direction, and nobody is told. */
  readonly shut: () => void;
  /** What stood is reset, as by a peer that has forgotten it; what comes anew is forwarded. */
  readonly open: () => void;
}

/** A line that goes silent. */
export const gated = (address: string): Gate => {
  let isShut = false;
  const sockets = new Set<Socket>();
  return {
    service: (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      if (isShut) {
        socket.pause();
        return;
      }
      const upstream = upstreamOf(socket, address);
      socket.on('data', (chunk: Buffer) => isShut || upstream.write(chunk));
      upstream.on('data', (chunk: Buffer) => isShut || socket.write(chunk));
    },
    shut: () => (isShut = true),
    open: () => {
      isShut = false;
      for (const socket of sockets) socket.resetAndDestroy();
    },
  };
};
