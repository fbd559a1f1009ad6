import { readFileSync } from 'node:fs';

const KB = 1024;

/** Bytes of the resident set of this process, as Linux tells them. Undefined elsewhere. */
export const residentBytes = (): number | undefined => {
  try {
    const [, kb] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return kb === undefined ? undefined : Number(kb) * KB;
  } catch {
    return undefined;
  }
};
