/** Where somebody listens, or is reached. */
export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

export type TcpAddress = Extract<Address, { readonly kind: 'tcp' }>;

/** What the kernel takes as the path of a UNIX socket, without its closing NUL. */
export const MAX_SOCKET_PATH_BYTES = 107;

const MAX_PORT = 65_535;
const HOST_AND_PORT = /^(?:(\[[\da-f:.]+\]|[\w.-]*):)?(\d{1,5})$/i;

/** `9410`, `:9410`, `localhost:9410`, `[::1]:9410`, the host being 127.0.0.1 where it is missing. */
export const tcpAddress = (text: string): TcpAddress | undefined => {
  const [, host = '', port = ''] = HOST_AND_PORT.exec(text) ?? [];
  const name = host.replace(/^\[|\]$/g, '');
  return port !== '' && Number(port) <= MAX_PORT
    ? { kind: 'tcp', host: name === '' ? '127.0.0.1' : name, port: Number(port) }
    : undefined;
};

export const unixAddress = (path: string): Address | undefined =>
  path !== '' && Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? { kind: 'unix', path } : undefined;

const UNIX = /^\s*unix:(?:\/\/(?=\/))?/;

/** The path behind `unix:` or `unix://`; undefined where there is no such word. */
export const pathBehindUnix = (text: string): string | undefined =>
  UNIX.test(text) ? text.replace(UNIX, '') : undefined;

const TCP = /^\s*tcp:/i;
const TCP_ADDRESS = /^\s*tcp:\/\/(\S+)\s*$/i;

/**
 * Where the daemon's socket is: `tcp://127.0.0.1:9410`, as {@link tcpAddress} has what is behind the slashes; `unix:/run/k.sock`; all
 * else is a path, to the last byte. Undefined: no port, or a path that is too long.
 */
export const socketAddress = (text: string): Address | undefined => {
  if (TCP.test(text)) return tcpAddress(TCP_ADDRESS.exec(text)?.[1] ?? '');
  return unixAddress(pathBehindUnix(text) ?? text);
};

/** `127.0.0.1:9410`, `[::1]:9410`. */
export const hostAndPort = ({ host, port }: Pick<TcpAddress, 'host' | 'port'>): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** As {@link socketAddress} reads it. */
export const socketText = (address: Address): string =>
  address.kind === 'tcp' ? `tcp://${hostAndPort(address)}` : address.path;

/** Where somebody listens at all addresses of a host, that host reaches him at its loopback. */
const REACHED_AT: ReadonlyMap<string, string> = new Map([
  ['0.0.0.0', '127.0.0.1'],
  ['::', '::1'],
]);

/** Who listens at `host`, as a client of the same host connects to him. */
export const reachedAt = (host: string): string => REACHED_AT.get(host) ?? host;

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/i;

/** Whether only programs of this host can connect to it. */
export const isLocal = (address: Address): boolean => address.kind === 'unix' || LOOPBACK.test(address.host);
