import { readdirSync, readFileSync } from 'node:fs';
import { kill } from 'node:process';
import { until } from '../../watch';
import { expectWithin } from './scene';

const STOP_WITHIN_MS = 5000;

/** The state of a thread as the kernel names it: R, S, D, T (stopped)… */
const stateOf = (stat: string): string => stat.slice(stat.lastIndexOf(')') + 2)[0] ?? '';

const isStopped = (pid: number): boolean =>
  readdirSync(`/proc/${pid}/task`).every(
    (thread) => stateOf(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')) === 'T',
  );

/** Does something while a process stands still, with no call to the kernel under way. */
export const atStandstill = async (pid: number, act: () => void): Promise<void> => {
  kill(pid, 'SIGSTOP');
  try {
    expectWithin(await until(() => isStopped(pid), STOP_WITHIN_MS, 1), 'a standstill of the daemon');
    act();
  } finally {
    kill(pid, 'SIGCONT');
  }
};
