import type * as t from 'io-ts';
import type { Level } from '../model';
import { oneOf, scalar } from '../sinks/codecs';

/** What the kernel takes as the path of a UNIX socket, without its closing NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

const isString = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

export const SocketPath: t.Type<string> = scalar(
  `a path of at most ${MAX_SOCKET_PATH_BYTES} bytes`,
  isString,
  (input) => (isString(input) && input !== '' && Buffer.byteLength(input) <= MAX_SOCKET_PATH_BYTES ? input : undefined),
);

/** Permissions in octal: `0660`, `660`, `0o660`. */
export const SocketMode: t.Type<number> = scalar('permissions in octal such as 0660', isNumber, (input) =>
  isString(input) && /^(0o?)?[0-7]{3}$/i.test(input) ? parseInt(input.slice(-3), 8) : undefined,
);

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;
/** Names that logrus, kahego's log, has for two of them. */
const LOGRUS: ReadonlyMap<string, Level> = new Map([
  ['warning', 'warn'],
  ['panic', 'fatal'],
]);

export const LogLevel: t.Type<Level> = scalar(
  `one of ${LEVELS.join(', ').toUpperCase()}`,
  oneOf(LEVELS).is,
  (input) => {
    const word = isString(input) ? input.trim().toLowerCase() : '';
    return LOGRUS.get(word) ?? LEVELS.find((level) => level === word);
  },
);

export interface HttpAddress {
  readonly host: string;
  readonly port: number;
}

const ADDRESS = /^(?:(\[[\da-f:.]+\]|[\w.-]*):)?(\d{1,5})$/i;

/** `8080`, `:8080`, `0.0.0.0:8080`, `[::1]:8080`; the host is 127.0.0.1 where it is missing. */
export const HttpAddress: t.Type<HttpAddress> = scalar(
  'an address such as 127.0.0.1:8080',
  (value): value is HttpAddress => typeof value === 'object' && value !== null && 'port' in value,
  (input) => {
    const [, host, port = ''] = ADDRESS.exec(isString(input) ? input.trim() : '') ?? [];
    const name = host?.replace(/^\[|\]$/g, '');
    return port !== '' && Number(port) <= 65_535 ? { host: name ? name : '127.0.0.1', port: Number(port) } : undefined;
  },
);
