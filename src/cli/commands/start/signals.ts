import { closeSync, openSync } from 'node:fs';
import type { DaemonProcess } from '../../command';

/** Signals that stop a daemon which has no terminal to lose. */
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

export interface SignalActions {
  readonly stop: (signal: NodeJS.Signals) => void;
  readonly reload: () => void;
}

/** Whether a terminal controls this process: where it hangs up, SIGHUP ends it, as ever. */
const hasTerminal = (): boolean => {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
};

/** What signals do. SIGHUP reloads, unless it says that the terminal has gone. */
export const onSignals = (process: DaemonProcess, { stop, reload }: SignalActions): void => {
  for (const signal of STOPS) process.on(signal, stop);
  process.on('SIGHUP', hasTerminal() ? stop : reload);
};
