import { execFileSync } from 'node:child_process';

/** Whether there is Debian's package strace, and the right to trace. */
export const mayTrace = (): boolean => {
  try {
    execFileSync('strace', ['-o', '/dev/null', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
