/** What a process has used, from /proc. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

const secondsIn = (file: string): number => {
  const stat = readFileSync(file, 'utf8');
  // The name in parentheses may hold spaces; utime and stime are fields 14 and 15, 11 and 12 after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** User and system CPU of the process with all of its threads, ended ones too. */
export const cpuSeconds = (pid: number): number => secondsIn(`/proc/${pid}/stat`);

/** Of its first thread alone: in Node the one of the event loop. */
export const mainThreadSeconds = (pid: number): number => secondsIn(`/proc/${pid}/task/${pid}/stat`);

/** The largest resident set so far. */
export const peakMegabytes = (pid: number): number => {
  const [, kilobytes = 'NaN'] = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
};

/** What it has read so far, from sockets and files alike, and in how many calls. */
export const readSoFar = (pid: number): { readonly calls: number; readonly bytes: number } => {
  const io = readFileSync(`/proc/${pid}/io`, 'utf8');
  const field = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(io)?.[1]);
  return { calls: field('syscr'), bytes: field('rchar') };
};
