/** The daemon under a service manager that is not systemd: with a socket that is passed to it, and somebody whom it tells how it is. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { DaemonOptions, LogLine } from './daemon';

const MANAGER = path.join(__dirname, 'serviceManager.pl');

const hasPerl = (): boolean => {
  try {
    execFileSync('perl', ['-MSocket', '-e', '1'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** Why there is no service manager here; undefined: there is one. */
export const missingManager = (): string | undefined => (hasPerl() ? undefined : 'needs perl');

export interface Managed {
  /** Where the manager listens, for the command. Default: the command listens itself. */
  readonly socket?: string;
  /** Where it is told how the command is. Default: nowhere. */
  readonly notify?: string;
  readonly environment?: Readonly<Record<string, string | number>>;
}

/** Runs a command under the manager. */
export const underManager = (
  { socket = '-', notify = '-', environment = {} }: Managed,
  command: readonly string[],
): NonNullable<DaemonOptions['command']> => {
  const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  return ['env', ...variables, 'perl', MANAGER, socket, notify, ...command];
};

/** What the manager was told in a line; undefined: it is another line. */
export const noticeOf = ({ msg, text }: LogLine): string | undefined =>
  msg === 'notice' && typeof text === 'string' ? text : undefined;
