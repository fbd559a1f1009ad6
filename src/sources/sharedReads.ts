import type { Socket } from 'node:net';

/** Bytes of one read at most: two of them, each with the rest of a frame, fit into a block of a batch. */
const READ_BYTES = 60 * 1024;

/** All connections are read into these bytes, one after the other: what Node allocates for each read costs more than what is done with it. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES);

/**
 * Where a socket of Node keeps what `net.connect` takes as `onread`. A server has no such option, so it is set where the option would
 * have set it.
 */
interface OnReadPlaces {
  readonly buffer: symbol;
  readonly callback: symbol;
}

type OpenSocket = Socket & {
  [place: symbol]: unknown;
  readonly _handle?: { readonly useUserBuffer?: (buffer: Buffer) => void } | null;
};

const findPlaces = (socket: Socket): OnReadPlaces | undefined => {
  const find = (name: string): symbol | undefined =>
    Object.getOwnPropertySymbols(socket).find(({ description }) => description === name);
  const buffer = find('kBuffer');
  const callback = find('kBufferCb');
  return buffer && callback && { buffer, callback };
};

/** The same in all sockets of a Node. */
let places: OnReadPlaces | undefined;

/**
 * Listens to a socket that is not read yet. Where this Node keeps its sockets in another way, each read has memory of its own, as usual.
 *
 * @param next gets the bytes of each read, which are there until it returns
 * @see https://nodejs.org/api/net.html#new-netsocketoptions, `onread`; docs/decisions/0601
 */
export const onRead = (socket: Socket, next: (bytes: Buffer) => void): void => {
  const opened = socket as OpenSocket;
  places ??= findPlaces(socket);
  if (!places || typeof opened._handle?.useUserBuffer !== 'function') {
    socket.on('data', next);
    return;
  }
  opened[places.buffer] = shared;
  opened[places.callback] = (bytes: number) => next(bytes === READ_BYTES ? shared : shared.subarray(0, bytes));
  opened._handle.useUserBuffer(shared);
};
