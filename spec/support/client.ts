/** A client of the daemon's socket. */
import { once } from 'node:events';
import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { socketAddress } from '../../src/wire/address';

export interface Client {
  readonly socket: Socket;
  /** Resolves when the bytes are with the operating system: waits while the daemon does not read. */
  readonly write: (bytes: Uint8Array | string) => Promise<void>;
  /** Ends the sending side and resolves when the connection is closed on both. */
  readonly end: () => Promise<void>;
  /** Resolves when the connection is closed, by whomever. */
  readonly closed: Promise<void>;
}

const CONNECT_MS = 20_000;
const AGAIN_MS = 20;

/** A path as it is, of any length. */
const placeOf = (at: string): NetConnectOpts => {
  const address = socketAddress(at);
  return address?.kind === 'tcp' ? { host: address.host, port: address.port } : { path: at };
};

/** Connects to a path or `tcp://host:port`. Waits while the queue of the socket is full, as a blocking connect does. */
export const connectTo = async (at: string, options: { readonly allowHalfOpen?: boolean } = {}): Promise<Socket> => {
  const deadline = Date.now() + CONNECT_MS;
  for (;;) {
    const socket = connect({ ...placeOf(at), ...options });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      // By its code: errors of Node's own are of another realm than a spec's `Error`.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
};

export const openClient = async (path: string): Promise<Client> => {
  const socket = await connectTo(path);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  // A daemon that closes on us is no failure of the test; `write` and `closed` tell.
  socket.on('error', () => undefined);
  socket.resume();
  return {
    socket,
    closed,
    write: (bytes) =>
      new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    end: async () => {
      socket.end();
      await closed;
    },
  };
};

/** Sends `chunks` over a connection of their own, one write each, and closes it. */
export const send = async (path: string, ...chunks: readonly (Uint8Array | string)[]): Promise<void> => {
  const client = await openClient(path);
  for (const chunk of chunks) await client.write(chunk);
  await client.end();
};
