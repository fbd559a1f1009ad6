import { fstatSync, readFileSync, statSync } from 'node:fs';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { codeOf } from '../wire/systemErrors';
import { listedSockets } from './listedSockets';

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

const socketOf = (inode: number): E.Either<string, string> => {
  const listed = listedSockets(readFileSync('/proc/self/net/unix', 'utf8'));
  const found = listed.find((socket) => socket.inode === String(inode));
  if (!found) return E.left('a socket that is no UNIX socket of this network namespace');
  if (!found.isStream) return E.left('a UNIX socket of datagrams or packets');
  if (!found.listens) return E.left('a UNIX socket that does not listen (Accept=yes?)');
  return found.path === undefined ? E.left('a UNIX socket without a path') : E.right(found.path);
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
        `LISTEN_FDS: expected descriptor ${descriptor} to be a UNIX stream socket that listens, got ${found}; ListenStream= of the socket unit is to be a path, and TCP addresses stand in SOCKET`,
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
