import type { Level } from '../model';
import { anyOfWords, oneOf, scalar, type Codec } from '../sinks/codecs';

/** What the kernel takes as the path of a UNIX socket, without its closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

export const SocketPath: Codec<string> = scalar(
  `a path of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
  isString,
  (input) => (isString(input) && input !== '' && Buffer.byteLength(input) <= MAX_SOCKET_PATH_BYTES ? input : undefined),
  { type: 'string', minLength: 1, maxLength: MAX_SOCKET_PATH_BYTES },
);

const OCTAL = /^(?:0[oO]?)?[0-7]{3}$/;

/** Permissions in octal: `0660`, `660`, `0o660`. */
export const SocketMode: Codec<number> = scalar(
  'permissions in octal such as 0660',
  isNumber,
  (input) => (isString(input) && OCTAL.test(input) ? parseInt(input.slice(-3), 8) : undefined),
  { type: 'string', pattern: OCTAL.source },
  (mode) => mode.toString(8).padStart(4, '0'),
);

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** Names that logrus, kahego's log, has for two of them. */
const LOGRUS: ReadonlyMap<string, Level> = new Map([
  ['warning', 'warn'],
  ['panic', 'fatal'],
]);

export const LogLevel: Codec<Level> = scalar(
  `one of ${LEVELS.join(', ').toUpperCase()}`,
  oneOf(LEVELS).is,
  (input) => {
    const word = isString(input) ? input.trim().toLowerCase() : '';
    return LOGRUS.get(word) ?? LEVELS.find((level) => level === word);
  },
  { type: 'string', pattern: anyOfWords([...LEVELS, ...LOGRUS.keys()]) },
  (level) => level.toUpperCase(),
);

/** Where HTTP is served. */
export type HttpAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

const ADDRESS = /^(?:(\[[\da-f:.]+\]|[\w.-]*):)?(\d{1,5})$/i;
const UNIX_PATH = /^(?:unix:(?=.)|(?=\.{0,2}\/))(.*)$/s;

const tcpAddress = (text: string): HttpAddress | undefined => {
  const [, host, port = ''] = ADDRESS.exec(text) ?? [];
  const name = host?.replace(/^\[|\]$/g, '');
  return port !== '' && Number(port) <= 65_535
    ? { kind: 'tcp', host: name ? name : '127.0.0.1', port: Number(port) }
    : undefined;
};

const unixAddress = (text: string): HttpAddress | undefined => {
  const [, path = ''] = UNIX_PATH.exec(text) ?? [];
  return path !== '' && Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES ? { kind: 'unix', path } : undefined;
};

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/**
 * `9410`, `:9410`, `0.0.0.0:9410`, `[::1]:9410`, the host being 127.0.0.1 where it is missing; or the path of a UNIX socket:
 * `/run/kahets/http.sock`, `unix:/run/kahets/http.sock`.
 */
export const HttpAddress: Codec<HttpAddress> = scalar(
  `an address such as 127.0.0.1:9410, or the path of a UNIX socket of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
  (value): value is HttpAddress => typeof value === 'object' && value !== null && 'kind' in value,
  (input) => {
    const text = isString(input) ? input.trim() : '';
    return unixAddress(text) ?? tcpAddress(text);
  },
  { type: 'string', minLength: 1 },
  (address) => (address.kind === 'tcp' ? `${bracketed(address.host)}:${address.port}` : `unix:${address.path}`),
);

const HOST_NAME = /^(?:[\w.-]+|\[[\da-f:.]+\])$/i;

/** Names of hosts, with commas between them. */
export const HttpHosts: Codec<readonly string[]> = scalar(
  'names of hosts without ports, such as status.example.com,kahets.internal',
  (value): value is readonly string[] => Array.isArray(value),
  (input) => {
    const names = isString(input) ? input.split(',').map((name) => name.trim().toLowerCase()) : [''];
    return names.every((name) => HOST_NAME.test(name)) ? names : undefined;
  },
  { type: 'string', minLength: 1 },
  (names) => names.join(','),
);
