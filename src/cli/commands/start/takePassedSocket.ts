import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { passedSocket, type PassedSocket } from '../../../sources/passedSocket';
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
