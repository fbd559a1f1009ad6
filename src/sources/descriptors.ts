import { readdirSync, readFileSync } from 'node:fs';

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

/** Descriptors it has open. Where nobody can tell: none. */
export const openDescriptors = (): number => {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
};
