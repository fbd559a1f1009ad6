import type { DaemonProcess } from '../../command';
import { hasTerminal } from './descriptors';

/** Signals that stop a daemon which has no terminal to lose. */
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

export interface SignalActions {
  readonly stop: (signal: NodeJS.Signals) => void;
  readonly reload: () => void;
}

/** What signals do. SIGHUP reloads, unless it says that the terminal has gone. */
export const onSignals = (process: DaemonProcess, { stop, reload }: SignalActions): void => {
  for (const signal of STOPS) process.on(signal, stop);
  process.on('SIGHUP', hasTerminal() ? stop : reload);
};
