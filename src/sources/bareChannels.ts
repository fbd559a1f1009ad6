import { Socket, type Server, type SocketConstructorOpts } from 'node:net';
import { answersAtOnce, writeTo, type Channel, type Listener } from './channel';

/** Bytes of one read at most: two of them, each with the rest of a frame, fit into a block of a batch. */
const READ_BYTES = 60 * 1024;

/** All connections are read into these bytes, one after the other: what Node allocates for each read costs more than what is done with it. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/** What Node makes a socket of. The methods return 0, or libuv's number of an error. */
interface Handle {
  onread?: () => void;
  /** Since it was accepted. */
  readonly bytesRead: number;
  readonly useUserBuffer: (buffer: Buffer) => void;
  readonly readStart: () => number;
  readonly readStop: () => number;
  readonly close: () => void;
}

interface ServerHandle {
  onconnection?: (error: number, handle: unknown) => void;
  readonly setKeepAlive?: (isOn: boolean, seconds: number) => number;
}

interface WithHandle {
  readonly _handle?: ServerHandle | null;
}

/** Whether this Node has handles as they are known here, which some connection has to show. */
const isKnown = (handle: unknown): handle is Handle => {
  const { bytesRead, useUserBuffer, readStart, readStop, close } = handle as Partial<Handle>;
  if (bytesRead !== 0 || [useUserBuffer, readStart, readStop, close].some((method) => typeof method !== 'function'))
    return false;
  const { readStart: start, readStop: stop } = handle as Handle;
  const tells = start.call(handle) === 0 && start.call(handle) !== 0;
  stop.call(handle);
  return tells;
};

class BareChannel implements Channel {
  /** To write with: few clients are answered. */
  private socket: Socket | undefined;

  constructor(private readonly handle: Handle) {}

  listen(listener: Listener): void {
    const { handle } = this;
    let before = 0;
    handle.onread = () => {
      const bytes = handle.bytesRead - before;
      before += bytes;
      if (bytes > 0) listener.bytes(bytes === READ_BYTES ? shared : shared.subarray(0, bytes));
      else if (this.hasEnded()) listener.end();
    };
    handle.useUserBuffer(shared);
  }

  resume(): void {
    this.handle.readStart();
  }

  pause(): void {
    this.handle.readStop();
  }

  write(bytes: Buffer, done: (isThere: boolean) => void): void {
    this.socket ??= this.makeSocket();
    writeTo(this.socket, bytes, done);
  }

  close(): void {
    if (this.socket) this.socket.destroy();
    else this.handle.close();
  }

  /** A socket that writes; the handle is read as before. */
  private makeSocket(): Socket {
    const { handle } = this;
    const { onread } = handle;
    // Not in its types: what it is made of, and that it reads nothing.
    const options: SocketConstructorOpts & { readonly handle: Handle } = { handle, readable: false, writable: true };
    const socket = new Socket({ ...options, allowHalfOpen: true });
    // Who writes is told.
    socket.on('error', () => undefined);
    answersAtOnce(socket);
    if (onread) handle.onread = onread;
    return socket;
  }

  /** Asked after a read of nothing, which libuv also tells of when there was nothing to read: then it goes on reading. */
  private hasEnded(): boolean {
    // It has stopped at the end of the stream; what broke it stops behind us, and can be read no more.
    if (this.handle.readStart() === 0) return true;
    this.handle.readStop();
    return this.handle.readStart() !== 0;
  }
}

/**
 * Takes the connections of a server that listens before Node makes sockets of them, which costs more than to accept and read them. It
 * reaches into Node: where that is not as it is known here, the server's own `connection` event tells of them, as if this was not called.
 *
 * @see docs/decisions/0610
 */
export const acceptBare = (server: Server, accept: (channel: Channel) => void): void => {
  const { _handle: handle } = server as WithHandle;
  const usual = handle?.onconnection;
  if (!handle || !usual) return;
  let known: boolean | undefined;
  handle.onconnection = (error, incoming) => {
    if (error === 0) known ??= isKnown(incoming);
    if (error === 0 && known) accept(new BareChannel(incoming as Handle));
    else usual.call(handle, error, incoming);
  };
};

/**
 * Asks the clients of a TCP server that listens whether they are there, after `seconds` without a byte. What the kernel accepts has the
 * options of the socket that listens, so that it costs nothing for a connection.
 */
export const keepAlive = (server: Server, seconds: number): void =>
  void (server as WithHandle)._handle?.setKeepAlive?.(true, seconds);
