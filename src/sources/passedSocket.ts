import { fstatSync, readFileSync, statSync } from 'node:fs';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { codeOf } from '../wire/systemErrors';

/** `SD_LISTEN_FDS_START`: what is passed has this descriptor. */
const DESCRIPTOR = 3;

/** A socket that another process has opened, and keeps: systemd, say. */
export interface PassedSocket {
  readonly descriptor: number;
  /** What it was bound to. */
  readonly path: string;
  /** The file mode of that, where it can be seen. */
  readonly mode: number | undefined;
}

/** Variables that a service manager sets for the process that it starts. */
export type PassedBy = Readonly<Partial<Record<'LISTEN_FDS' | 'LISTEN_FDNAMES' | 'LISTEN_PID', string>>>;

/** `__SO_ACCEPTCON` and `SOCK_STREAM` of /proc/net/unix, where a socket is told by its inode. */
const LISTENS = 0x10000;
const STREAM = 1;
const SOCKET_LINE = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) ([0-9A-F]+) [0-9A-F]+ +(\d+)(?: (.*))?$/;

const socketOf = (inode: number): E.Either<string, string> => {
  for (const line of readFileSync('/proc/self/net/unix', 'latin1').split('\n')) {
    const [, flags = '', type = '', found, path] = SOCKET_LINE.exec(line) ?? [];
    if (found !== String(inode)) continue;
    if (parseInt(type, 16) !== STREAM) return E.left('a UNIX socket of datagrams or packets');
    if ((parseInt(flags, 16) & LISTENS) === 0) return E.left('a UNIX socket that does not listen (Accept=yes?)');
    return path === undefined
      ? E.left('a UNIX socket without a path')
      : E.right(Buffer.from(path, 'latin1').toString());
  }
  return E.left('a socket that is no UNIX socket of this network namespace');
};

const modeOf = (path: string): number | undefined => {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined;
  }
};

const opened = (descriptor: number): E.Either<string, PassedSocket> =>
  pipe(
    E.tryCatch(
      () => fstatSync(descriptor),
      (error) => codeOf(error) ?? String(error),
    ),
    E.chain((stats) => (stats.isSocket() ? socketOf(stats.ino) : E.left('no socket'))),
    E.bimap(
      (found) =>
        `LISTEN_FDS: expected descriptor ${descriptor} to be a UNIX stream socket that listens, got ${found}; ListenStream= of the socket unit is to be a path`,
      (path) => ({ descriptor, path, mode: modeOf(path) }),
    ),
  );

/**
 * The socket that the service manager passes to the process `pid`; undefined where it passes none. Left: why what it passes cannot be
 * listened on.
 */
export const passedSocket = (
  { LISTEN_FDS = '', LISTEN_FDNAMES, LISTEN_PID }: PassedBy,
  pid: number,
  descriptor = DESCRIPTOR,
): E.Either<string, PassedSocket | undefined> => {
  if (LISTEN_PID !== String(pid) || LISTEN_FDS === '' || LISTEN_FDS === '0') return E.right(undefined);
  if (LISTEN_FDS === '1') return opened(descriptor);
  const names = LISTEN_FDNAMES === undefined ? '' : ` (LISTEN_FDNAMES=${LISTEN_FDNAMES})`;
  return E.left(
    `LISTEN_FDS: expected 1, got ${LISTEN_FDS}${names}; give the service one socket unit with one ListenStream=`,
  );
};
