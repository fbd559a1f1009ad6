import { readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';
import { statFields, type ProcessIdentity } from '../../../spool/processes';

/** What is to be known of a process before it gets a SIGHUP. */
export interface ProcessFacts {
  readonly identity: ProcessIdentity;
  /** A terminal controls it. */
  readonly hasTerminal: boolean;
  /** It does something of its own at a SIGHUP, which ends others. */
  readonly catchesHangUp: boolean;
}

/** Of {@link statFields}. */
const TERMINAL_FIELD = 4;
/** SIGHUP is the first signal. */
const HANG_UP = 1n;

/** Undefined where it has ended. */
export const factsOf = async (identity: ProcessIdentity): Promise<ProcessFacts | undefined> => {
  try {
    const [stat, status] = await Promise.all([
      readFile(`/proc/${identity.pid}/stat`, 'utf8'),
      readFile(`/proc/${identity.pid}/status`, 'utf8'),
    ]);
    const terminal = statFields(stat)[TERMINAL_FIELD];
    const [, caught = '0'] = /^SigCgt:\s*([\da-f]+)/m.exec(status) ?? [];
    return {
      identity,
      hasTerminal: terminal !== '0',
      catchesHangUp: (BigInt(`0x${caught}`) & HANG_UP) !== 0n,
    };
  } catch {
    return undefined;
  }
};

/** Whether the program of a process is Node; false where this user may not look. */
export const runsNode = async (pid: number): Promise<boolean> =>
  readlink(`/proc/${pid}/exe`).then(
    (program) => basename(program).startsWith('node'),
    () => false,
  );
