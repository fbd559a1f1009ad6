import { asyncScheduler } from 'rxjs';
import { createSupervisor, unsupervised, type Supervisor, type SupervisorOptions } from '../../../control/supervisor';
import type { LedgerRow, Log } from '../../../model';
import { messageOf } from '../../../wire/systemErrors';
import type { DaemonProcess } from '../../command';
import { systemdNotify } from './systemdNotify';

const US_PER_MS = 1000;

/** The time that `WATCHDOG_USEC` leaves, where it is meant for this process. */
const watchdogMs = ({ env, pid }: DaemonProcess): number | undefined => {
  const { WATCHDOG_PID = String(pid), WATCHDOG_USEC = '' } = env;
  const us = Number(WATCHDOG_USEC);
  return WATCHDOG_PID === String(pid) && us > 0 ? us / US_PER_MS : undefined;
};

const heldIn = (rows: readonly LedgerRow[]): number => rows.reduce((sum, { held }) => sum + held, 0);

export interface SuperviseOptions extends Pick<SupervisorOptions, 'drainTimeoutMs'> {
  readonly rows: () => readonly LedgerRow[];
  readonly log: Log;
}

/** Tells the service manager that `NOTIFY_SOCKET` names, where there is one. */
export const supervise = (process: DaemonProcess, options: SuperviseOptions): Supervisor => {
  const { drainTimeoutMs, rows, log } = options;
  const { NOTIFY_SOCKET: socket = '', PATH: path } = process.env;
  if (socket === '') return unsupervised;
  let hasFailed = false;
  const supervisor = createSupervisor({
    tell: systemdNotify({
      ...{ socket, path },
      failed: (error) => {
        if (!hasFailed) log.warn('systemd cannot be told how the daemon is', { cause: messageOf(error) });
        hasFailed = true;
      },
    }),
    ...{ watchdogMs: watchdogMs(process), drainTimeoutMs, scheduler: asyncScheduler },
    held: () => heldIn(rows()),
    monotonicUs: () => process.hrtime.bigint() / BigInt(US_PER_MS),
  });
  supervisor.telling$.subscribe();
  return supervisor;
};
