import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { runsNode } from './processFacts';

/** A UNIX socket that is listened on, under the name that it was bound to. */
interface Bound {
  readonly inode: string;
  readonly name: string;
}

/** Of /proc/net/unix, lines of sockets that accept connections and have a name. */
const LISTENS = /^\S+ \S+ \S+ 00010000 \S+ \S+ +(\d+) (.+)$/gm;

const boundSockets = async (): Promise<readonly Bound[]> => {
  const text = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  return [...text.matchAll(LISTENS)].map(([, inode = '', name = '']) => ({ inode, name }));
};

const orNothing = <A>(call: Promise<A>): Promise<A | undefined> => call.catch(() => undefined);

/** Inodes of the sockets that a process has open; none where this user may not look. */
const socketsOf = async (pid: number): Promise<ReadonlySet<string>> => {
  const folder = `/proc/${pid}/fd`;
  const names = (await orNothing(readdir(folder))) ?? [];
  const targets = await Promise.all(names.map((name) => orNothing(readlink(join(folder, name)))));
  return new Set(targets.flatMap((target) => /^socket:\[(\d+)\]$/.exec(target ?? '')?.[1] ?? []));
};

/**
 * Whether a socket is the one at `path`. A daemon binds another name beside it first and then moves that to `path`, and the kernel goes
 * on to call it as it was bound.
 */
const isAt = async (path: string, { name }: Bound, pid: number): Promise<boolean> => {
  const length = Math.min(8, basename(path).length);
  const isNamedSo = basename(name) === basename(path) || new RegExp(`^[\\da-f]{${length}}$`).test(basename(name));
  if (!isNamedSo) return false;
  const cwd = (await orNothing(readlink(`/proc/${pid}/cwd`))) ?? '/';
  const [wanted, found] = await Promise.all(
    [path, resolve(cwd, name)].map((each) => orNothing(realpath(dirname(each)))),
  );
  return wanted !== undefined && wanted === found;
};

/** Processes of Node that listen at a path; those of other users are seen by root alone. */
export const listenersAt = async (path: string): Promise<readonly number[]> => {
  if ((await orNothing(realpath(path))) === undefined) return [];
  const bound = await boundSockets();
  const pids = ((await orNothing(readdir('/proc'))) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    if (!(await runsNode(pid))) continue;
    const open = await socketsOf(pid);
    const own = bound.filter(({ inode }) => open.has(inode));
    const matches = await Promise.all(own.map((socket) => isAt(path, socket, pid)));
    if (matches.includes(true)) found.push(pid);
  }
  return found;
};
