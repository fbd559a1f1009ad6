import type { AddressInfo, Server } from 'node:net';
import { socketText, type TcpAddress } from '../wire/address';
import { codeOf } from '../wire/systemErrors';
import { listen } from './listen';
import { ListenError } from './listenError';

const FOUND: ReadonlyMap<string | undefined, readonly [found: string, expected: string]> = new Map([
  [
    'EADDRINUSE',
    [
      'a program that listens there (EADDRINUSE)',
      'a free port: end the program that listens there, or name another port',
    ],
  ],
  ['EACCES', ['a port that may not be listened on (EACCES)', 'one from 1024 on']],
  ['EADDRNOTAVAIL', ['an address that is none of this host (EADDRNOTAVAIL)', 'one of its own such as 127.0.0.1']],
  ['ENOTFOUND', ['a name that is not known (ENOTFOUND)', 'an address such as 127.0.0.1']],
]);

export interface ClaimPortOptions extends Pick<TcpAddress, 'host' | 'port'> {
  /** Clients that may wait to be accepted. */
  readonly backlog: number;
  /** Gives the claim up, at any moment. */
  readonly signal: AbortSignal;
}

/**
 * Makes `server` listen at a TCP port; resolves with its number, which port 0 leaves to the system.
 *
 * @throws ListenError with the place as `tcp://host:port`
 */
export const claimPort = async (server: Server, { host, port, backlog, signal }: ClaimPortOptions): Promise<number> => {
  try {
    signal.throwIfAborted();
    await listen(server, { host, port }, backlog);
  } catch (error) {
    const [found, expected] = FOUND.get(codeOf(error)) ?? [String(error), 'a port that can be listened on'];
    throw new ListenError(socketText({ kind: 'tcp', host, port }), found, expected, { cause: error });
  }
  if (signal.aborted) {
    // What is closed while the name of its host is looked up listens all the same.
    server.close();
    signal.throwIfAborted();
  }
  return (server.address() as AddressInfo).port;
};
