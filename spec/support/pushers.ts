/** Clients that push as fast as they can, and what the daemon takes meanwhile. */
import { readFile } from 'node:fs/promises';
import { openClient, type Client } from './client';

const MB = 1024 * 1024;
const LOOK_MS = 100;
/** Nobody could write for this long: all of them wait. */
const QUIET_MS = 1_500;
const LONGEST_MS = 25_000;

/** What the process has taken of memory: now, and at most so far. */
export const memoryOf = async (pid: number): Promise<{ readonly nowMb: number; readonly peakMb: number }> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const read = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1024;
  return { nowMb: Math.ceil(read('VmRSS')), peakMb: Math.ceil(read('VmHWM')) };
};

export interface Pushers {
  /** Resolves when no write has ended for a while: the daemon reads no more. Rejects when it reads on for too long. */
  readonly stalled: () => Promise<void>;
  /** Bytes whose write has ended. */
  readonly written: () => number;
  /** Lets them write no more, and resolves when all that they have begun to write is read. */
  readonly finish: () => Promise<void>;
}

/** Writes what `next` gives, again and again, over each of `clients` connections; where that is undefined a client stays and is silent. */
export const startPushers = async (
  socket: string,
  clients: number,
  next: (client: number) => Buffer | undefined,
): Promise<Pushers> => {
  let written = 0;
  let lastMs = performance.now();
  let finishing = false;
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const push = async (client: Client, index: number): Promise<void> => {
    for (let bytes = next(index); bytes; bytes = finishing ? undefined : next(index)) {
      await client.write(bytes);
      written += bytes.length;
      lastMs = performance.now();
    }
    await finished;
    await client.end();
  };
  const opened: Client[] = [];
  for (let index = 0; index < clients; index += 1) opened.push(await openClient(socket));
  // A daemon that is killed at the end breaks writes; a spec that counts on them awaits `finish`.
  const pushes = opened.map((client, index) => push(client, index));
  for (const one of pushes) one.catch(() => undefined);
  return {
    written: () => written,
    stalled: async () => {
      const deadline = performance.now() + LONGEST_MS;
      while (performance.now() - lastMs < QUIET_MS) {
        if (performance.now() > deadline) throw new Error(`clients still write after ${written / MB} MB`);
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    finish: async () => {
      finishing = true;
      finish();
      await Promise.all(pushes);
    },
  };
};
