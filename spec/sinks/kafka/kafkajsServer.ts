import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface KafkajsServer {
  readonly port: number;
  readonly sockets: readonly Socket[];
  /** Resolves with the next connection's socket. */
  readonly connected: () => Promise<Socket>;
  readonly close: () => Promise<void>;
}

/** The body of an ApiVersions answer that knows InitProducerId 0 to 1 and nothing else. */
export const API_VERSIONS = Buffer.from('0000 00000001 0016 0000 0001 00000000'.replaceAll(' ', ''), 'hex');
const HEADER_BYTES = 8;

/** An answer to request `correlationId`: its length, the id, then `body`. */
export const answerTo = (correlationId: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(HEADER_BYTES);
  head.writeInt32BE(HEADER_BYTES / 2 + body.length, 0);
  head.writeInt32BE(correlationId, HEADER_BYTES / 2);
  return Buffer.concat([head, body]);
};

export const correlationIdOf = (request: Buffer): number => request.readInt32BE(8);

/** Answers ApiVersions (knowing InitProducerId 0 to 1 alone) and no more: `onRequest` gets what comes after. */
export const startKafkajsServer = async (
  onRequest: (socket: Socket, request: Buffer) => void = () => undefined,
): Promise<KafkajsServer> => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    let greeted = false;
    socket.on('error', () => undefined);
    socket.on('data', (request) => {
      if (greeted) onRequest(socket, request);
      else socket.write(answerTo(correlationIdOf(request), API_VERSIONS));
      greeted = true;
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    sockets,
    connected: async () => ((await once(server, 'connection')) as [Socket])[0],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};
