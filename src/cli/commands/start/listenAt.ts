import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import type { Settings } from '../../../config/env';
import type { Log } from '../../../model';
import { passedSocket, type PassedSocket } from '../../../sources/passedSocket';
import type { UnixSocketOptions } from '../../../sources/unixSocket';
import type { DaemonProcess } from '../../command';

/** The socket that a service manager passes to this process, which its children are not told of. Left: lines for people. */
export const takePassedSocket = ({
  env,
  pid,
}: DaemonProcess): E.Either<readonly string[], PassedSocket | undefined> => {
  const passed = passedSocket(env, pid);
  delete env['LISTEN_FDS'];
  delete env['LISTEN_FDNAMES'];
  delete env['LISTEN_PID'];
  return pipe(
    passed,
    E.mapLeft((problem) => [problem]),
  );
};

const octal = (mode: number): string => `0${mode.toString(8)}`;

/** The socket to listen on: the one that was passed, else SOCKET. */
export const listenAt = (
  { socket, socketMode }: Pick<Settings, 'socket' | 'socketMode'>,
  passed: PassedSocket | undefined,
  log: Log,
): Pick<UnixSocketOptions, 'path' | 'descriptor' | 'mode'> => {
  if (!passed) return { path: socket, mode: socketMode };
  const { path, descriptor, mode } = passed;
  if (socketMode !== undefined && mode !== undefined && socketMode !== mode)
    log.warn('configuration', {
      warning: `SOCKET_MODE=${octal(socketMode)} has no effect on ${path}, which the service manager has made with ${octal(mode)}; SocketMode= of the socket unit says with what`,
    });
  return { path, descriptor };
};
