import type { Socket } from 'node:net';

/** Who is told what comes over a channel. */
export interface Listener {
  /** The bytes of a read, which are there until it returns. */
  bytes(bytes: Buffer): void;
  /** Nothing more comes: the other side has closed, or the connection broke. */
  end(): void;
}

/** An accepted connection, as far as somebody who reads it needs one. Nothing is read before `resume`. */
export interface Channel {
  /** Called once, before `resume`. */
  listen(listener: Listener): void;
  resume(): void;
  pause(): void;
  /** At once; called once. Then nobody is told anything any more. */
  close(): void;
}

/** The channel of a socket that is paused. */
export const socketChannel = (socket: Socket): Channel => {
  // `close` follows.
  socket.on('error', () => undefined);
  return {
    listen: (listener) => {
      const end = (): void => listener.end();
      socket
        .on('data', (bytes: Buffer) => listener.bytes(bytes))
        .on('end', end)
        .on('close', end);
    },
    resume: () => void socket.resume(),
    pause: () => void socket.pause(),
    close: () => void socket.destroy(),
  };
};
