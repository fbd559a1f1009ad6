import * as E from 'fp-ts/Either';
import type { Settled } from '../../model';
import { createAudience } from './audience';
import { questionIn } from './messages/question';
import { Watcher } from './messages/watcher';
import { textReply, type Reply } from './reply';

export interface MessagesOptions {
  /** Whether who can ask may see messages. */
  readonly allowed: boolean;
  /** How often clients are told of what they have not seen. Default 1,000. */
  readonly everyMs?: number;
  /** Default 4. */
  readonly maxClients?: number;
  /** Milliseconds of a clock that is never put back. Default: that of the process. */
  readonly nowMs?: () => number;
}

export interface Messages {
  readonly open: (query: URLSearchParams) => Reply;
  /** Shows some of a batch, which is read here and now: its memory may be used again afterwards. */
  readonly settled: (settled: Settled) => void;
  /** Lets go of everybody; from then on nobody is let in. */
  readonly stop: () => void;
}

/**
 * Server-sent events: the first messages of each settled batch, as many a second as a client asks for. Whoever does not read sees
 * fewer, and is told how many; nothing waits for him. While nobody watches, nothing happens.
 *
 *     settled   -(abc)-----(de)-|           rate 2
 *     events    -ab------p-de---p--         p: how many passed unseen
 */
export const createMessages = ({
  allowed,
  everyMs = 1_000,
  maxClients = 4,
  nowMs = () => performance.now(),
}: MessagesOptions): Messages => {
  const audience = createAudience<Watcher>({
    ...{ everyMs, maxClients },
    whenFull: `Expected at most ${maxClients} who watch messages at a time; end another one.`,
    tick: () => {
      for (const watcher of audience.listeners) watcher.tell();
    },
  });
  const end = (watcher: Watcher, event: 'end' | 'stop'): void => {
    watcher.end(event);
    audience.forget(watcher);
  };

  return {
    open: (query) => {
      if (!allowed)
        return textReply(
          403,
          'Messages are shown where HTTP is a UNIX socket, or with HTTP_MESSAGES=1; neither is set.',
        );
      const question = questionIn(query);
      if (E.isLeft(question)) return textReply(400, question.left);
      return audience.open((client) => {
        client.flushHeaders();
        return new Watcher(client, question.right, nowMs);
      });
    },
    settled: (settled) => {
      for (const watcher of audience.listeners) {
        watcher.see(settled);
        if (watcher.isDone) end(watcher, 'end');
      }
    },
    stop: () => {
      audience.close();
      for (const watcher of audience.listeners) end(watcher, 'stop');
    },
  };
};
