/** Somebody between a client and the server, who can cut the connections of both. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** As PostgreSQL names the socket of its usual port. */
const SOCKET = '.s.PGSQL.5432';

export interface Between {
  /** What a client takes for the host. */
  readonly folder: string;
  readonly cut: () => void;
  readonly stop: () => Promise<void>;
}

/** @param behind the folder of the server's socket */
export const standBetween = async (behind: string): Promise<Between> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-pg-'));
  const sockets = new Set<Socket>();
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const server = createServer((client) => {
    const there = connect(path.join(behind, SOCKET));
    for (const [one, other] of [
      [client, there],
      [there, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => undefined);
      one.pipe(other);
    }
  });
  await once(server.listen(path.join(folder, SOCKET)), 'listening');
  return {
    folder,
    cut,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      cut();
      await closed;
      rmSync(folder, { recursive: true });
    },
  };
};
