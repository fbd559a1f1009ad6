import type { Server } from 'node:http';
import * as TE from 'fp-ts/TaskEither';
import type { HttpSettings } from '../../config/env';
import { ListenError } from '../../sources/listenError';
import { claimPath } from '../../sources/socketPath';
import { claimPort } from '../../sources/tcpPort';
import { hostAndPort } from '../../wire/address';
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

const explain = ({ address }: HttpSettings, error: unknown): ServeError => {
  const found = error instanceof ListenError ? `found ${error.found}, expected ${error.expected}` : String(error);
  return `HTTP ${address.kind === 'unix' ? address.path : hostAndPort(address)}: ${found}`;
};

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const listen = async (server: Server, { address, socketMode: mode }: HttpSettings): Promise<Listening> => {
  const claim = { backlog: BACKLOG, signal: new AbortController().signal };
  if (address.kind === 'unix') {
    const { path } = address;
    const remove = await claimPath(server, { path, mode, ...claim });
    return {
      at: `unix:${path}`,
      close: () => {
        remove();
        return closeServer(server);
      },
    };
  }
  const { host } = address;
  const port = await claimPort(server, { host, port: address.port, ...claim });
  return { at: `http://${hostAndPort({ host, port })}/`, close: () => closeServer(server) };
};

/** Makes `server` listen where the settings say. A stale socket file is replaced. Fails with a line for people. */
export const listenHttp = (server: Server, settings: HttpSettings): TE.TaskEither<ServeError, Listening> =>
  TE.tryCatch(
    () => listen(server, settings),
    (error) => explain(settings, error),
  );
