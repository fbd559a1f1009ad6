import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { listedSockets } from '../../../sources/listedSockets';
import { hostAndPort, type TcpAddress } from '../../../wire/address';
import { runsNode } from './processFacts';

/** A UNIX socket that is listened on, under the name that it was bound to. */
interface Bound {
  readonly inode: string;
  readonly name: string;
}

const boundSockets = async (): Promise<readonly Bound[]> => {
  const text = await readFile('/proc/net/unix', 'utf8').catch(() => '');
  return listedSockets(text).flatMap(({ inode, listens, path: name }) =>
    listens && name !== undefined ? [{ inode, name }] : [],
  );
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

/** Processes of Node that `isWanted` says yes to, told which sockets they have open; those of other users are seen by root alone. */
const processesWhere = async (
  isWanted: (open: ReadonlySet<string>, pid: number) => Promise<boolean> | boolean,
): Promise<readonly number[]> => {
  const pids = ((await orNothing(readdir('/proc'))) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) if ((await runsNode(pid)) && (await isWanted(await socketsOf(pid), pid))) found.push(pid);
  return found;
};

/** Processes of Node that listen at a path. */
export const listenersAt = async (path: string): Promise<readonly number[]> => {
  if ((await orNothing(realpath(path))) === undefined) return [];
  const bound = await boundSockets();
  return processesWhere(async (open, pid) => {
    const own = bound.filter(({ inode }) => open.has(inode));
    return (await Promise.all(own.map((socket) => isAt(path, socket, pid)))).includes(true);
  });
};

/** Of /proc/net/tcp and tcp6, lines of sockets that listen. */
const LISTENS_TCP = /^ *\d+: ([\dA-F]+):([\dA-F]{4}) \S+ 0A \S+ \S+ \S+ +\d+ +\d+ (\d+)/gm;

/** In one way of the many that there are to write it; a name stays one. */
const canonical = (host: string): string => {
  const url = `http://${hostAndPort({ host, port: 0 })}`;
  return URL.canParse(url) ? new URL(url).hostname : host;
};

/** An address as /proc has it: words of 4 bytes, each turned round. */
const hostOf = (words: string): string => {
  const bytes = (words.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  return bytes.length === 4
    ? bytes.map((byte) => parseInt(byte, 16)).join('.')
    : canonical((bytes.join('').match(/.{4}/g) ?? []).join(':'));
};

/** Processes of Node that listen at a TCP address; at a name, where that is `localhost`. */
export const listenersAtPort = async ({ host, port }: TcpAddress): Promise<readonly number[]> => {
  const wanted = /^localhost$/i.test(host) ? ['127.0.0.1', '::1'].map(canonical) : [canonical(host)];
  const files = ['/proc/net/tcp', '/proc/net/tcp6'];
  const text = (await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))).join('\n');
  const inodes = [...text.matchAll(LISTENS_TCP)].flatMap(([, words = '', at = '', inode = '']) =>
    parseInt(at, 16) === port && wanted.includes(hostOf(words)) ? [inode] : [],
  );
  return inodes.length === 0 ? [] : processesWhere((open) => inodes.some((inode) => open.has(inode)));
};
