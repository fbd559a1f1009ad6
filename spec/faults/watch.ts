/** What a running daemon takes of the machine, and what lies in its folders. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const MB = 1024 * 1024;
const EVERY_MS = 100;

/** Peak of the resident set of a process so far, in MB; undefined when it is gone. */
const peakMbOf = (pid: number): number | undefined => {
  try {
    const [, kb] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
    return kb === undefined ? undefined : (Number(kb) * 1024) / MB;
  } catch {
    return undefined;
  }
};

/** Open descriptors of a process; 0 when it is gone. */
export const descriptorsOf = (pid: number): number => {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return 0;
  }
};

export interface MemoryWatch {
  /** MB; the kernel keeps the peak, so that none between two looks is missed, but for the last moments of a process. */
  readonly peakMb: () => number;
  readonly end: () => void;
}

export const watchMemory = (pid: number): MemoryWatch => {
  let peakMb = 0;
  const look = (): number => (peakMb = Math.max(peakMb, peakMbOf(pid) ?? 0));
  const timer = setInterval(look, EVERY_MS);
  return { peakMb: look, end: () => clearInterval(timer) };
};

/** Files below a folder with their sizes; none where there is no folder. What goes meanwhile is left out. */
export const sizesIn = (folder: string): ReadonlyMap<string, number> => {
  const sizes = new Map<string, number>();
  const visit = (at: string): void => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const file = path.join(at, entry.name);
      try {
        if (entry.isDirectory()) visit(file);
        else sizes.set(file, statSync(file).size);
      } catch {
        continue;
      }
    }
  };
  try {
    visit(folder);
  } catch {
    return sizes;
  }
  return sizes;
};

/** Resolves with how many milliseconds it took until `holds`, or undefined after `timeoutMs`. */
export const until = async (
  holds: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 20,
): Promise<number | undefined> => {
  const startMs = performance.now();
  for (;;) {
    if (await holds()) return performance.now() - startMs;
    if (performance.now() - startMs > timeoutMs) return undefined;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
};
