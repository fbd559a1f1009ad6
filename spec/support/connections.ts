/** Connections of this process, as the kernel has them. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

const ESTABLISHED = '01';

/** Descriptors that are gone by the time they are looked at are none of ours any more. */
const socketOf = (descriptor: string): string | undefined => {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
  } catch {
    return undefined;
  }
};

/** How many TCP connections this process has to each port of this host. */
export const connectionsTo = (ports: readonly number[]): readonly number[] => {
  const mine = new Set(readdirSync('/proc/self/fd').map(socketOf));
  const counts = new Map<number, number>();
  for (const line of readFileSync('/proc/net/tcp', 'latin1').split('\n').slice(1)) {
    const [, , remote = '', state, , , , , , inode] = line.trim().split(/\s+/);
    const port = parseInt(remote.split(':')[1] ?? '', 16);
    if (state === ESTABLISHED && mine.has(inode)) counts.set(port, (counts.get(port) ?? 0) + 1);
  }
  return ports.map((port) => counts.get(port) ?? 0);
};
