/** A port that can be one service now and another later: an address of a broker that is put right. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What is done with a new connection. */
export type Service = (socket: Socket) => void;

export interface Front {
  /** `127.0.0.1:port`. */
  readonly address: string;
  /** From now on; connections that stand are ended. Undefined: nobody listens. */
  readonly become: (service: Service | undefined) => Promise<void>;
}

/** Sends `bytes` at once. */
export const says =
  (bytes: string | Buffer): Service =>
  (socket) =>
    void socket.write(bytes);

/** Sends `bytes` upon the first that comes, and closes. */
export const answers =
  (bytes: string | Buffer): Service =>
  (socket) =>
    void socket.once('data', () => socket.end(bytes));

export const isSilent: Service = (socket) => void socket.resume();
export const closesAtOnce: Service = (socket) => void socket.end();

/** Is what listens at `address`. */
export const forwardsTo =
  (address: string): Service =>
  (socket) => {
    const [host = '', port] = address.split(':');
    const upstream = connect(Number(port), host);
    upstream.on('error', () => socket.destroy());
    upstream.once('close', () => socket.destroy());
    socket.once('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  };

/** A port of `127.0.0.1` at which nobody listens yet. End it by becoming nothing. */
export const openFront = (port: number): Front => {
  let server: Server | undefined;
  const sockets = new Set<Socket>();

  const stop = async (): Promise<void> => {
    if (!server) return;
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, 'close');
    server = undefined;
  };
  return {
    address: `127.0.0.1:${port}`,
    become: async (service) => {
      await stop();
      if (!service) return;
      server = createServer((socket) => {
        sockets.add(socket);
        socket.on('error', () => undefined);
        socket.once('close', () => sockets.delete(socket));
        service(socket);
      }).listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
};
