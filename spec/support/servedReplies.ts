/** What answers requests in the monitor, behind a server of its own. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { send, type Reply } from '../../src/control/http/reply';
import { fetchText, openRequest } from './http';

export interface ServedReplies {
  readonly server: Server;
  readonly port: number;
  readonly url: string;
}

const servers: Server[] = [];

/** Serves it; {@link closeReplies} ends it. `at` is the path and query that was asked for. */
export const serveReplies = async (open: (at: string) => Reply): Promise<ServedReplies> => {
  const server = createServer((request, response) =>
    send(response, open(request.url ?? ''), { headOnly: request.method === 'HEAD' }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  servers.push(server);
  const { port } = server.address() as AddressInfo;
  return { server, port, url: `http://127.0.0.1:${port}/` };
};

/** For `afterEach`. */
export const closeReplies = (): void => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
};

/** Two get in; who comes then is told `body`, until one of them has gone. */
export const expectRoomForTwo = async (url: string, body: string): Promise<void> => {
  const first = await openRequest(url);
  await openRequest(url);
  expect(await fetchText(url)).toMatchObject({ status: 503, body });
  first.destroy();
  // The place is free as soon as the server has seen it.
  let status = 503;
  while (status === 503) status = (await openRequest(url)).statusCode ?? 0;
  expect(status).toBe(200);
};
