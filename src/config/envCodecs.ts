import type { Level } from '../model';
import { anyOfWords, oneOf, scalar, type Codec } from '../sinks/codecs';
import {
  hostAndPort,
  MAX_SOCKET_PATH_BYTES,
  pathBehindUnix,
  socketAddress,
  socketText,
  tcpAddress,
  unixAddress,
  type Address,
} from '../wire/address';

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

/** Sockets that a daemon listens on at most. */
const MAX_SOCKETS = 16;
/** A comma before what can only be another address: others are of a path. */
const NEXT_ADDRESS = /\s*,\s*(?=\.{0,2}\/|unix:|tcp:)/i;

/** Paths of UNIX sockets and TCP addresses, with commas between them. */
export const SocketAddresses: Codec<readonly Address[]> = scalar(
  `a path of at most ${MAX_SOCKET_PATH_BYTES} bytes, a TCP address such as tcp://127.0.0.1:9410, or up to ${MAX_SOCKETS} of them, each once, with commas between`,
  (value): value is readonly Address[] => Array.isArray(value),
  (input) => {
    const texts = isString(input) ? input.split(NEXT_ADDRESS) : [];
    const addresses = texts.map(socketAddress).filter((address) => address !== undefined);
    const isEach = addresses.length === texts.length && new Set(addresses.map(socketText)).size === texts.length;
    return isEach && texts.length > 0 && texts.length <= MAX_SOCKETS ? addresses : undefined;
  },
  { type: 'string', minLength: 1 },
  (addresses) => addresses.map(socketText).join(','),
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
export type HttpAddress = Address;

const UNIX_PATH = /^\.{0,2}\//;

/**
 * `9410`, `:9410`, `0.0.0.0:9410`, `[::1]:9410`, the host being 127.0.0.1 where it is missing; or the path of a UNIX socket:
 * `/run/kahets/http.sock`, `unix:/run/kahets/http.sock`.
 */
export const HttpAddress: Codec<HttpAddress> = scalar(
  `an address such as 127.0.0.1:9410, or the path of a UNIX socket of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
  (value): value is HttpAddress => typeof value === 'object' && value !== null && 'kind' in value,
  (input) => {
    const text = isString(input) ? input.trim() : '';
    const path = UNIX_PATH.test(text) ? text : pathBehindUnix(text);
    return path === undefined ? tcpAddress(text) : unixAddress(path);
  },
  { type: 'string', minLength: 1 },
  (address) => (address.kind === 'tcp' ? hostAndPort(address) : `unix:${address.path}`),
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
