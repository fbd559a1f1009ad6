import type { Source } from '../model';
import { socketText } from '../wire/address';
import { keepAlive } from './bareChannels';
import { socketServer, type Claim, type SocketServerOptions } from './socketServer';
import { claimPort } from './tcpPort';

const MS_PER_SECOND = 1000;

export interface TcpSocketOptions extends SocketServerOptions {
  /** A name or address of this host. */
  readonly host: string;
  /** 0: one that is free, which the log names. */
  readonly port: number;
  /** A client that is silent for so long is asked whether it is there; whole seconds. Default 60,000. */
  readonly keepAliveMs?: number;
}

/**
 * Listens on a TCP port. A client whose host has vanished is closed 10 s after it was first asked whether it is there.
 *
 * Errors: a `ListenError` when it cannot listen. A broken connection completes its `chunks$`.
 */
export const tcpSocket = ({ host, port, keepAliveMs = 60_000, ...options }: TcpSocketOptions): Source => {
  const claim: Claim = async (server, { backlog, signal }) => {
    const at = await claimPort(server, { host, port, backlog, signal });
    keepAlive(server, keepAliveMs / MS_PER_SECOND);
    return { place: { address: socketText({ kind: 'tcp', host, port: at }) }, release: () => undefined };
  };
  return socketServer(claim, options);
};
