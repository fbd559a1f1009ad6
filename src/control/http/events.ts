import type { ServerResponse } from 'node:http';
import { createAudience, eventText } from './audience';
import type { Reply } from './reply';

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

interface Listener<Question> {
  readonly client: ServerResponse;
  readonly question: Question;
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
  let last: Moment | undefined;

  const write = ({ client, question }: Listener<Question>, moment: Moment, event = 'status'): void => {
    if (client.writableLength > MOST_UNREAD_BYTES) client.destroy();
    else client.write(eventText(event, tell(moment, question)));
  };
  const audience = createAudience<Listener<Question>>({
    ...{ everyMs, maxClients, whenFull: `Expected at most ${maxClients} clients at a time; close another page.` },
    tick: () => {
      const moment = look(last);
      last = moment;
      for (const listener of audience.listeners) write(listener, moment);
    },
    over: () => {
      last = undefined;
    },
  });

  return {
    open: (question) =>
      audience.open((client) => {
        const listener = { client, question };
        client.write(`retry: ${RETRY_MS}\n\n`);
        write(listener, (last ??= look(undefined)));
        return listener;
      }),
    stop: () => {
      audience.close();
      if (audience.listeners.size === 0) return;
      const moment = look(last);
      for (const listener of audience.listeners) {
        write(listener, moment, 'stop');
        listener.client.end();
        audience.forget(listener);
      }
    },
  };
};
