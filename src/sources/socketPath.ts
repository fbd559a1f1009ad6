import { randomUUID } from 'node:crypto';
import { type Stats, chmodSync, lstatSync, renameSync, unlinkSync } from 'node:fs';
import { type Server, connect } from 'node:net';
import { basename, dirname } from 'node:path';
import { MAX_SOCKET_PATH_BYTES } from '../wire/address';
import { codeOf } from '../wire/systemErrors';
import { listen } from './listen';
import { ListenError } from './listenError';

const ATTEMPTS = 5;

export interface ClaimOptions {
  readonly path: string;
  /** File mode of the socket, such as 0o660. Default: what the process's umask leaves. */
  readonly mode?: number | undefined;
  /** Clients that may wait to be accepted. */
  readonly backlog: number;
  /** Gives the claim up, at any moment. */
  readonly signal: AbortSignal;
}

const reasonOf = (error: unknown): string => codeOf(error) ?? String(error);

const isSame = (one: Stats | undefined, other: Stats | undefined): boolean =>
  one?.ino === other?.ino && one?.dev === other?.dev;

const kindOf = (stats: Stats): string =>
  stats.isDirectory() ? 'a directory' : stats.isSymbolicLink() ? 'a symbolic link' : 'a file that is no socket';

const unusable = (path: string, error: unknown): ListenError =>
  new ListenError(path, reasonOf(error), `a folder ${dirname(path)} that is there and can be written to`, {
    cause: error,
  });

/** The socket that stands at `path`, or undefined. */
const socketAt = (path: string): Stats | undefined => {
  const length = Buffer.byteLength(path);
  if (length > MAX_SOCKET_PATH_BYTES)
    throw new ListenError(path, `${length} bytes`, `a path of at most ${MAX_SOCKET_PATH_BYTES} bytes`);
  try {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats || stats.isSocket()) return stats;
    throw new ListenError(path, kindOf(stats), 'a socket, or nothing');
  } catch (error) {
    throw error instanceof ListenError ? error : unusable(path, error);
  }
};

/** Fails unless nobody answers at `path`. */
const expectNobody = (path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const expected = 'a socket that no daemon listens on, or nothing';
    // Within an object: a path that reads as a number is taken for a port by itself.
    const probe = connect({ path }, () => {
      probe.destroy();
      reject(new ListenError(path, 'a daemon that listens there', expected));
    });
    probe.once('error', (error) => {
      const code = reasonOf(error);
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve();
      else if (code === 'EAGAIN') reject(new ListenError(path, 'a daemon too busy to answer', expected));
      else reject(new ListenError(path, `a socket that cannot be tried (${code})`, expected));
    });
  });

/** Makes `server` take the clients of a socket that listens already; returns what removes nothing: the socket belongs to another. */
export const listenOn = async (
  server: Server,
  { path, descriptor, backlog }: Pick<ClaimOptions, 'path' | 'backlog'> & { readonly descriptor: number },
): Promise<() => void> => {
  try {
    await listen(server, { fd: descriptor }, backlog);
    return () => undefined;
  } catch (error) {
    throw new ListenError(path, reasonOf(error), `a socket that listens, as descriptor ${descriptor}`, {
      cause: error,
    });
  }
};

/** Listens on a free name beside `path`, no longer than that. */
const listenBeside = async (server: Server, { path, backlog, signal }: ClaimOptions): Promise<string> => {
  const name = basename(path);
  for (let attempt = 1; ; attempt += 1) {
    // A server that is closed before it listens would listen all the same.
    signal.throwIfAborted();
    const drawn = randomUUID().slice(0, Math.min(8, name.length));
    // With its folder, also where that is `.`: a name of digits alone Node takes for a port.
    const beside = `${dirname(path)}/${drawn}`;
    try {
      if (drawn !== name) {
        await listen(server, { path: beside }, backlog);
        return beside;
      }
    } catch (error) {
      if (codeOf(error) !== 'EADDRINUSE' || attempt >= ATTEMPTS) throw unusable(path, error);
    }
  }
};

/** Removes the socket at `path` if it is still `own`. */
const removeOwn = (path: string, own: Stats): void => {
  if (isSame(own, lstatSync(path, { throwIfNoEntry: false }))) unlinkSync(path);
};

/**
 * Makes `server` listen at `path`, replacing a socket nobody listens on; returns what removes the path again.
 *
 * It listens on another name first and moves that over `path`: the socket has its mode from the first moment, and since libuv
 * unlinks the name it bound when a server closes, it cannot unlink what another daemon has put at `path` since.
 *
 * @throws ListenError
 */
export const claimPath = async (server: Server, options: ClaimOptions): Promise<() => void> => {
  const { path, mode, signal } = options;
  let found = socketAt(path);
  if (found) await expectNobody(path);
  const beside = await listenBeside(server, options);
  for (let now = socketAt(path); !isSame(found, now); now = socketAt(path)) {
    found = now;
    await expectNobody(path);
  }
  signal.throwIfAborted();
  try {
    if (mode !== undefined) chmodSync(beside, mode);
    const own = lstatSync(beside);
    renameSync(beside, path);
    return () => removeOwn(path, own);
  } catch (error) {
    throw unusable(path, error);
  }
};
