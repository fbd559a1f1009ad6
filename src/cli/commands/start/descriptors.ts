import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

const USUAL_LIMIT = 1024;

/** Descriptors this process may open. */
export const descriptorLimit = (): number => {
  try {
    const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(soft ?? USUAL_LIMIT);
  } catch {
    return USUAL_LIMIT;
  }
};

export const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

/** Whether a terminal controls this process: where it hangs up, SIGHUP ends it, as ever. */
export const hasTerminal = (): boolean => {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
};
