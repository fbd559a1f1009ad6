import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as TE from 'fp-ts/TaskEither';
import type { HttpSettings } from '../../config/env';
import { ListenError } from '../../sources/listenError';
import { claimPath } from '../../sources/socketPath';
import { codeOf } from '../../wire/systemErrors';
import type { ServeError } from '../monitor';

/** A server that listens. */
export interface Listening {
  /** For people: `http://127.0.0.1:9410/`, `unix:/run/kahets/http.sock`. */
  readonly at: string;
  /** Stops listening, and removes a socket file that is still its own. */
  readonly close: () => Promise<void>;
}

/** Clients that may wait to be accepted. */
const BACKLOG = 64;

const FOUND: ReadonlyMap<string | undefined, string> = new Map([
  [
    'EADDRINUSE',
    'a port in use (EADDRINUSE), expected a free one: end the program that listens there, or name another port',
  ],
  ['EACCES', 'a port that may not be listened on (EACCES), expected one from 1024 on'],
  ['EADDRNOTAVAIL', 'an address that is none of this host (EADDRNOTAVAIL), expected one of its own such as 127.0.0.1'],
  ['ENOTFOUND', 'a name that is not known (ENOTFOUND), expected an address such as 127.0.0.1'],
]);

const hostIn = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const explain = ({ address }: HttpSettings, error: unknown): ServeError => {
  if (error instanceof ListenError) return `HTTP ${error.path}: found ${error.found}, expected ${error.expected}`;
  const place = address.kind === 'unix' ? address.path : `${hostIn(address.host)}:${address.port}`;
  return `HTTP ${place}: found ${FOUND.get(codeOf(error)) ?? String(error)}`;
};

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const listen = async (server: Server, { address, socketMode: mode }: HttpSettings): Promise<Listening> => {
  if (address.kind === 'unix') {
    const { path } = address;
    const remove = await claimPath(server, { path, mode, backlog: BACKLOG, signal: new AbortController().signal });
    return {
      at: `unix:${path}`,
      close: () => {
        remove();
        return closeServer(server);
      },
    };
  }
  server.listen({ host: address.host, port: address.port, backlog: BACKLOG });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return { at: `http://${hostIn(address.host)}:${port}/`, close: () => closeServer(server) };
};

/** Makes `server` listen where the settings say. A stale socket file is replaced. Fails with a line for people. */
export const listenHttp = (server: Server, settings: HttpSettings): TE.TaskEither<ServeError, Listening> =>
  TE.tryCatch(
    () => listen(server, settings),
    (error) => explain(settings, error),
  );
