import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { hostAndPort } from '../../src/wire/address';
import { MessageCursor } from '../../src/wire/messageCursor';
import { inFolder } from './fileSinks';

/** A daemon's socket, and what has come to it. */
export interface Listener {
  /** Where it is, as SOCKET has it. */
  readonly path: string;
  readonly bytes: () => Buffer;
  /** The messages, as text, with their keys. */
  readonly messages: () => readonly (readonly [key: string, message: string])[];
  /** Resolves with the next connection. */
  readonly connected: () => Promise<Socket>;
}

/** Listens for `use`, at a path or a port of `host`. Where it does not `read`, nothing is taken from a connection. */
export const withListener = (
  use: (listener: Listener, folder: string) => Promise<void>,
  { read = true, host }: { readonly read?: boolean; readonly host?: string } = {},
): Promise<void> =>
  inFolder(async (folder) => {
    const socketPath = join(folder, 'k.sock');
    const chunks: Buffer[] = [];
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      if (read) socket.on('data', (chunk) => chunks.push(chunk));
    }).listen(host === undefined ? { path: socketPath } : { host, port: 0 });
    await once(server, 'listening');
    const address = server.address();
    const path =
      typeof address === 'object' && address
        ? `tcp://${hostAndPort({ host: address.address, port: address.port })}`
        : socketPath;
    const bytes = (): Buffer => Buffer.concat(chunks);
    const messages = (): readonly (readonly [string, string])[] => {
      const all = bytes();
      const cursor = new MessageCursor(all);
      const found: (readonly [string, string])[] = [];
      while (cursor.next())
        found.push([
          all.toString('utf8', cursor.keyStart, cursor.keyEnd),
          all.toString('utf8', cursor.valueStart, cursor.end),
        ]);
      return found;
    };
    try {
      await use(
        { path, bytes, messages, connected: async () => ((await once(server, 'connection')) as [Socket])[0] },
        folder,
      );
    } finally {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    }
  });
