import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { filter, firstValueFrom, startWith, Subject } from 'rxjs';

export interface Request {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Answers instead of the receiver's 204; nothing: it does not answer at all. */
export type Answering = (request: Request, answer: ServerResponse) => void;

interface Line {
  readonly bucket: string;
  readonly key?: string;
  readonly message?: string;
  readonly base64?: string;
}

/** A real receiver of webhooks, which keeps what it has taken. */
export interface Receiver {
  readonly url: string;
  readonly requests: readonly Request[];
  /** The messages that it answered with 204, in order. */
  readonly stored: (bucket: string) => readonly string[];
  /** Resolves when it has stored so many of a bucket. */
  readonly has: (bucket: string, count: number) => Promise<unknown>;
  /** How it answers POST requests from now on. Default: it stores them. */
  answering: Answering | undefined;
  /** Ends all connections and takes no more, until it starts again on the same port. */
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
}

export const linesOf = (body: string): readonly Line[] =>
  (body.startsWith('[')
    ? JSON.parse(body)
    : body
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line) as unknown)) as readonly Line[];

const textOf = ({ message, base64 = '' }: Line): string => message ?? Buffer.from(base64, 'base64').toString('latin1');

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

export const startReceiver = async (): Promise<Receiver> => {
  const requests: Request[] = [];
  const taken: Line[] = [];
  const took$ = new Subject<void>();
  let port = 0;
  const server = createServer((incoming, answer) => {
    void bodyOf(incoming).then((body) => {
      const request = { headers: incoming.headers, body };
      if (incoming.method === 'HEAD') answer.writeHead(405).end();
      else if (receiver.answering) {
        requests.push(request);
        receiver.answering(request, answer);
      } else {
        requests.push(request);
        taken.push(...linesOf(body));
        answer.writeHead(204).end();
        took$.next();
      }
    });
  });
  const start = async (): Promise<void> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    port = (server.address() as AddressInfo).port;
  };
  await start();
  const stored = (bucket: string): readonly string[] => taken.filter((line) => line.bucket === bucket).map(textOf);
  const receiver: Receiver = {
    url: `http://127.0.0.1:${port}/hook`,
    requests,
    stored,
    has: (bucket, count) =>
      firstValueFrom(
        took$.pipe(
          startWith(undefined),
          filter(() => stored(bucket).length >= count),
        ),
      ),
    answering: undefined,
    start,
    stop: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return receiver;
};
