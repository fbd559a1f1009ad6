import { readFile } from 'node:fs/promises';

/** A process, told apart from a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The boot of the machine, and the clock ticks from there to the start of the process. */
  readonly started: string;
}

/** Of {@link statFields}. */
const START_TIME_FIELD = 19;

/** It has ended, and its parent has not asked how. */
const ENDED: ReadonlySet<string> = new Set(['Z', 'X']);

/** Fields of /proc/PID/stat behind the name, which may hold anything: the state is the first. */
export const statFields = (stat: string): readonly string[] => stat.slice(stat.lastIndexOf(')') + 2).split(' ');

const identityIn = async (folder: string): Promise<ProcessIdentity | undefined> => {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`${folder}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
    ]);
    const fields = statFields(stat);
    const [state = '', ticks] = [fields[0], fields[START_TIME_FIELD]];
    return ticks === undefined || ENDED.has(state)
      ? undefined
      : { pid: Number.parseInt(stat, 10), started: `${boot.trim()}:${ticks}` };
  } catch {
    return undefined;
  }
};

/** This process; undefined where the system has no /proc. */
export const thisProcess = (): Promise<ProcessIdentity | undefined> => identityIn('/proc/self');

/** The process that has this number now. */
export const processOf = (pid: number): Promise<ProcessIdentity | undefined> => identityIn(`/proc/${pid}`);

/** Whether that very process runs still. One in another container cannot be seen, and counts as ended. */
export const isRunning = async ({ pid, started }: ProcessIdentity): Promise<boolean> =>
  (await processOf(pid))?.started === started;
