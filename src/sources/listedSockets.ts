/** A UNIX socket of this network namespace, as the kernel lists it. */
export interface ListedSocket {
  readonly inode: string;
  readonly listens: boolean;
  /** Not one of datagrams or packets. */
  readonly isStream: boolean;
  /** As it was bound; undefined: it was not. */
  readonly path: string | undefined;
}

/** `__SO_ACCEPTCON` and `SOCK_STREAM`. */
const LISTENS = 0x10000;
const STREAM = 1;
/** A path may hold any character but a line feed. */
const LINE = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) ([0-9A-F]+) [0-9A-F]+ +(\d+)(?: ([^\n]*))?$/gm;

/** The sockets in the text of `/proc/net/unix`. */
export const listedSockets = (text: string): readonly ListedSocket[] =>
  [...text.matchAll(LINE)].map(([, flags = '', type = '', inode = '', path]) => ({
    ...{ inode, path },
    listens: (parseInt(flags, 16) & LISTENS) !== 0,
    isStream: parseInt(type, 16) === STREAM,
  }));
