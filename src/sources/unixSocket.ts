import type { Source } from '../model';
import { claimPath, listenOn } from './socketPath';
import { socketServer, type Claim, type SocketServerOptions } from './socketServer';

export interface UnixSocketOptions extends SocketServerOptions {
  /** Of at most 107 bytes, in a folder that is there. */
  readonly path: string;
  /**
   * A socket that listens at `path` already, and that another process keeps: neither it nor the path is removed, and clients that are
   * queued at a stop are left to who listens there next. Default: the source makes one.
   */
  readonly descriptor?: number | undefined;
  /** File mode of the socket, such as 0o660. Default: what the process's umask leaves. */
  readonly mode?: number | undefined;
}

/**
 * Listens on a UNIX stream socket. Replaces a socket file that nobody listens on, and removes the path at a stop, before it takes in who
 * is queued.
 *
 * Errors: {@link ListenError} when it cannot listen. A broken connection completes its `chunks$`.
 */
export const unixSocket = ({ path, descriptor, mode, ...options }: UnixSocketOptions): Source => {
  const place = { path };
  const claim: Claim = async (server, { backlog, signal }) =>
    descriptor === undefined
      ? { place, release: await claimPath(server, { path, mode, backlog, signal }) }
      : { place, passedBy: 'systemd', release: await listenOn(server, { path, descriptor, backlog }) };
  return socketServer(claim, options);
};
