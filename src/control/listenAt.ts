import type { Settings } from '../config/env';
import type { Log, Source } from '../model';
import { allConnections } from '../sources/allConnections';
import type { PassedSocket } from '../sources/passedSocket';
import type { SocketServerOptions } from '../sources/socketServer';
import { tcpSocket } from '../sources/tcpSocket';
import { unixSocket, type UnixSocketOptions } from '../sources/unixSocket';
import { socketText } from '../wire/address';

const octal = (mode: number): string => `0${mode.toString(8)}`;

/** The one UNIX socket that was passed, in place of those of SOCKET. */
const passedOne = (
  { path, descriptor, mode }: PassedSocket,
  socketMode: number | undefined,
  log: Log,
): Pick<UnixSocketOptions, 'path' | 'descriptor'> => {
  if (socketMode !== undefined && mode !== undefined && socketMode !== mode)
    log.warn('configuration', {
      warning: `SOCKET_MODE=${octal(socketMode)} has no effect on ${path}, which the service manager has made with ${octal(mode)}; SocketMode= of the socket unit says with what`,
    });
  return { path, descriptor };
};

export interface ListenAt {
  readonly passed: PassedSocket | undefined;
  /** Open at once, on all of them together. */
  readonly maxConnections: number;
  /** Told once all of them listen, with what counts the connections. */
  readonly listening: (open: () => number) => void;
  readonly log: Log;
}

/** Where to listen: at the addresses of SOCKET, of which one that was passed replaces those that are paths. */
export const listenAt = (
  { sockets, socketMode }: Pick<Settings, 'sockets' | 'socketMode'>,
  { passed, maxConnections, listening, log }: ListenAt,
): { readonly place: string; readonly sources: readonly Source[] } => {
  const tcp = sockets.filter((address) => address.kind === 'tcp');
  const unix = passed
    ? [passedOne(passed, socketMode, log)]
    : sockets.flatMap((address) => (address.kind === 'unix' ? [{ path: address.path, mode: socketMode }] : []));
  const connections = allConnections(maxConnections);
  let silent = unix.length + tcp.length;
  const shared: SocketServerOptions = {
    connections,
    listening: () => {
      silent -= 1;
      if (silent === 0) listening(() => connections.open);
    },
  };
  return {
    place: [...unix.map(({ path }) => path), ...tcp.map(socketText)].join(', '),
    sources: [
      ...unix.map((one) => unixSocket({ ...one, ...shared })),
      ...tcp.map(({ host, port }) => tcpSocket({ host, port, ...shared })),
    ],
  };
};
