import type { ServerResponse } from 'node:http';
import { textReply, type Reply } from './reply';

export interface AudienceOptions {
  /** Called so often while anybody listens. */
  readonly everyMs: number;
  readonly tick: () => void;
  readonly maxClients: number;
  /** Said to one who comes when all places are taken. */
  readonly whenFull: string;
  /** Nobody listens any more. Default: nothing is done. */
  readonly over?: () => void;
}

/** Those who listen to server-sent events. */
export interface Audience<Listener> {
  readonly listeners: ReadonlySet<Listener>;
  /** A stream of events; `join` makes a listener of a client whose headers are to be sent. */
  readonly open: (join: (client: ServerResponse) => Listener) => Reply;
  /** Lets go of one; those whose connection closes are forgotten anyway. */
  readonly forget: (listener: Listener) => void;
  /** From now on nobody is let in. */
  readonly close: () => void;
}

/** An event as it goes over the connection. */
export const eventText = (event: string, data: unknown): string => `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

/** Lets in so many and no more. While nobody listens, no timer runs. */
export const createAudience = <Listener>({
  everyMs,
  tick,
  maxClients,
  whenFull,
  over,
}: AudienceOptions): Audience<Listener> => {
  const listeners = new Set<Listener>();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const forget = (listener: Listener): void => {
    if (!listeners.delete(listener) || listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
    over?.();
  };

  return {
    listeners,
    open: (join) => {
      if (closed) return textReply(503, 'The daemon stops.');
      if (listeners.size >= maxClients) return textReply(503, whenFull);
      return {
        ...{ status: 200, type: 'text/event-stream; charset=utf-8' },
        stream: (client) => {
          // It waits behind another answer on its connection, and may never be told that this has closed.
          if (!client.socket) {
            client.end();
            return;
          }
          const listener = join(client);
          listeners.add(listener);
          client.once('close', () => forget(listener));
          timer ??= setInterval(tick, everyMs).unref();
        },
      };
    },
    forget,
    close: () => {
      closed = true;
    },
  };
};
