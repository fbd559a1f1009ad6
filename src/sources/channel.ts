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
  /** Sends bytes, which stay as they are until `done` is told whether the system has them; one after the other. No bytes ask whether anybody is there. */
  write(bytes: Buffer, done: (isThere: boolean) => void): void;
  /** At once; called once. Then nobody is told anything any more. */
  close(): void;
}

export const writeTo = (socket: Socket, bytes: Buffer, done: (isThere: boolean) => void): void => {
  socket.write(bytes, (error) => done(!error));
};

/** An answer does not wait until the one before it is acknowledged. To a UNIX socket it means nothing. */
export const answersAtOnce = (socket: Socket): void => void socket.setNoDelay();

/** The channel of a socket that is paused. */
export const socketChannel = (socket: Socket): Channel => {
  // `close` follows.
  socket.on('error', () => undefined);
  answersAtOnce(socket);
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
    write: (bytes, done) => writeTo(socket, bytes, done),
    close: () => void socket.destroy(),
  };
};
