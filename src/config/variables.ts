import * as t from 'io-ts';
import { MIN_MEMORY_BYTES } from '../control/held';
import {
  about,
  BooleanFrom,
  durationIn,
  integerIn,
  maybe,
  MB,
  NonEmptyString,
  sizeIn,
  sizeText,
  withDefault,
} from '../sinks/codecs';
import { HttpAddress, HttpHosts, LogLevel, SocketAddresses, SocketMode } from './envCodecs';

const DAY_MS = 86_400_000;

export const DEFAULT_BUCKETS_FILE = './buckets.json';

/** What bounds memory, and what has to fit into it. */
export const Memory = t.type({
  MAXMEMORY: about(
    withDefault(sizeIn(1), 250 * MB),
    `bound of the memory of the process; less than \`${sizeText(MIN_MEMORY_BYTES)}\` counts as that, with a warning. 40 % of what it leaves beside 90MB may hold messages; then clients wait ([Memory](memory.md))`,
  ),
  MAX_FRAME: about(
    withDefault(sizeIn(1024, 64 * MB), 8 * MB),
    'a longer frame is skipped and counted. At most half of what may hold messages (32MB at `MAXMEMORY=250MB`)',
  ),
});

/** Where the daemon listens, and whether others than this host may be there. */
export const Sockets = t.type({
  SOCKET: about(
    withDefault(SocketAddresses, [{ kind: 'unix', path: '/tmp/kahego.sock' }]),
    'the UNIX socket that programs write to; or several, and [TCP addresses](operating.md#tcp) too, as in `/tmp/kahego.sock,tcp://127.0.0.1:9410`',
  ),
  SOCKET_REMOTE: about(
    withDefault(BooleanFrom, false),
    'whether `SOCKET` may have TCP addresses that other hosts reach: who reaches one sends what he likes, with no password and no encryption',
  ),
});

/** Every variable that the daemon knows. */
export const Variables = t.type({
  ...Sockets.props,
  BUCKETS_FILE: about(withDefault(NonEmptyString, DEFAULT_BUCKETS_FILE), 'the file of streams and buckets'),
  ...Memory.props,
  MAXCPUS: about(withDefault(integerIn(1, 1024), 2), 'cores for compression and the rest'),
  LOG_LEVEL: about(
    withDefault(LogLevel, 'info'),
    'the least severe lines that are logged; in any case (`WARNING` and `PANIC`, as kahego has them, too)',
  ),
  FRAME_TIMEOUT: about(
    withDefault(durationIn(1, DAY_MS), 30_000),
    'half a frame that makes no progress for so long closes its connection',
  ),
  SOCKET_MODE: about(maybe(SocketMode), 'permissions of the UNIX sockets; without it the umask decides'),
  DRAIN_TIMEOUT: about(
    withDefault(durationIn(0, DAY_MS), 30_000),
    'how long [a stop](stopping.md) waits for messages to be delivered',
  ),
  SPOOL: about(
    withDefault(NonEmptyString, './spool'),
    "a folder of this daemon's own, made when there is something to write: where messages wait for the next start that a stop or a crash could not deliver, and where [journals](journal.md) are",
  ),
  HTTP: about(
    maybe(HttpAddress),
    'where the [status page, health and metrics](http.md) are served (`9410`, `[::1]:9410`, `unix:http.sock` too); without it nowhere',
  ),
  HTTP_HOSTS: about(
    withDefault(HttpHosts, []),
    'names under which it may be asked, besides those of the loopback and the host in `HTTP`',
  ),
  HTTP_MESSAGES: about(withDefault(BooleanFrom, false), 'whether the discard report may show how messages begin'),
  HTTP_MODE: about(withDefault(SocketMode, 0o660), 'permissions of its UNIX socket'),
});

export type Variables = t.TypeOf<typeof Variables>;
