import type { ServerResponse } from 'node:http';
import { textReply, type Reply } from './reply';

export interface EventsOptions<Moment, Question> {
  /** Looks at the daemon once for everybody who listens. `before` is the moment of the last look. */
  readonly look: (before: Moment | undefined) => Moment;
  /** What is told to one who listens. */
  readonly tell: (moment: Moment, question: Question) => unknown;
  /** Default 1,000. */
  readonly everyMs?: number;
  /** Default 16. */
  readonly maxClients?: number;
}

export interface Events<Question> {
  readonly open: (question: Question) => Reply;
  /** Tells everybody once more, with the event `stop`, and lets go of them; from then on nobody is let in. */
  readonly stop: () => void;
}

const RETRY_MS = 2_000;
/** Who has more than this to read is too slow; another event is lost on them. */
const MOST_UNREAD_BYTES = 1_000_000;

/**
 * Server-sent events: the state of the daemon, at once and then every second, to each who listens. While nobody does, nothing
 * happens.
 */
export const createEvents = <Moment, Question>({
  look,
  tell,
  everyMs = 1_000,
  maxClients = 16,
}: EventsOptions<Moment, Question>): Events<Question> => {
  const clients = new Map<ServerResponse, Question>();
  let last: Moment | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const forget = (client: ServerResponse): void => {
    clients.delete(client);
    if (clients.size > 0) return;
    clearInterval(timer);
    timer = undefined;
    last = undefined;
  };
  const write = (client: ServerResponse, moment: Moment, question: Question, event = 'status'): void => {
    if (client.writableLength > MOST_UNREAD_BYTES) client.destroy();
    else client.write(`event: ${event}\ndata: ${JSON.stringify(tell(moment, question))}\n\n`);
  };
  const tick = (): void => {
    const moment = look(last);
    last = moment;
    for (const [client, question] of clients) write(client, moment, question);
  };

  return {
    open: (question) => {
      if (stopped) return textReply(503, 'The daemon stops.');
      if (clients.size >= maxClients)
        return textReply(503, `Expected at most ${maxClients} clients at a time; close another page.`);
      return {
        ...{ status: 200, type: 'text/event-stream; charset=utf-8' },
        stream: (client) => {
          client.once('close', () => forget(client));
          clients.set(client, question);
          client.write(`retry: ${RETRY_MS}\n\n`);
          write(client, (last ??= look(undefined)), question);
          timer ??= setInterval(tick, everyMs).unref();
        },
      };
    },
    stop: () => {
      stopped = true;
      if (clients.size === 0) return;
      const moment = look(last);
      for (const [client, question] of clients) {
        write(client, moment, question, 'stop');
        client.end();
      }
    },
  };
};
