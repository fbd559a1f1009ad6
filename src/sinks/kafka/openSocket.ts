import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions } from './connection';
import type { TlsOptions } from './security/tls';

const KEEP_ALIVE_DELAY_MS = 60_000;

/** Encrypted where there is `encryption`; `onConnect` is called when bytes can be written. */
export const openSocket = (
  { host, port }: { readonly host: string; readonly port: number },
  { noDelay, keepAlive }: Pick<ConnectionOptions, 'noDelay' | 'keepAlive'>,
  encryption: TlsOptions | undefined,
  onConnect: () => void,
): Socket => {
  // RFC 6066, 3: an address is no name to ask for.
  const servername = isIP(host) === 0 ? { servername: host } : {};
  const socket = encryption
    ? connectTls({ host, port, ...servername, ...encryption }, onConnect)
    : connectSocket({ host, port }, onConnect);
  // node:tls ignores both as options.
  socket.setNoDelay(noDelay);
  if (keepAlive) socket.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
  return socket;
};
