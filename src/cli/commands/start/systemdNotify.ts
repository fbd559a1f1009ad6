import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { catchError, defer, EMPTY, ignoreElements } from 'rxjs';
import type { Tell } from '../../../control/supervisor';

/** The program waits 5 s for systemd to have read what it sent. */
const LIMIT_MS = 10_000;

export interface SystemdNotifyOptions {
  /** `NOTIFY_SOCKET`. */
  readonly socket: string;
  /** `PATH`, where the program is looked for. */
  readonly path: string | undefined;
  /** Told each time that it did not work. */
  readonly failed: (error: unknown) => void;
}

/**
 * Tells systemd by its own program, `systemd-notify`: Node cannot write to a UNIX socket of datagrams. It completes when systemd
 * has read the message, which it could not assign to its unit once the program is gone.
 *
 * @see docs/decisions/0703
 */
export const systemdNotify =
  ({ socket, path, failed }: SystemdNotifyOptions): Tell =>
  (notice) =>
    defer(() =>
      promisify(execFile)('systemd-notify', ['--', ...notice], {
        ...{ env: { NOTIFY_SOCKET: socket, PATH: path }, timeout: LIMIT_MS, killSignal: 'SIGKILL' },
      }),
    ).pipe(
      ignoreElements(),
      catchError((error: unknown) => {
        failed(error);
        return EMPTY;
      }),
    );
