import * as E from 'fp-ts/Either';
import type { Settled } from '../../model';
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
  const watchers = new Set<Watcher>();
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  const forget = (watcher: Watcher): void => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
  const end = (watcher: Watcher, event: 'end' | 'stop'): void => {
    watcher.end(event);
    forget(watcher);
  };
  const tick = (): void => {
    for (const watcher of watchers) watcher.tell();
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
      if (stopped) return textReply(503, 'The daemon stops.');
      if (watchers.size >= maxClients)
        return textReply(503, `Expected at most ${maxClients} who watch messages at a time; end another one.`);
      return {
        ...{ status: 200, type: 'text/event-stream; charset=utf-8' },
        stream: (client) => {
          const watcher = new Watcher(client, question.right, nowMs);
          client.once('close', () => forget(watcher));
          watchers.add(watcher);
          client.flushHeaders();
          timer ??= setInterval(tick, everyMs).unref();
        },
      };
    },
    settled: (settled) => {
      for (const watcher of watchers) {
        watcher.see(settled);
        if (watcher.isDone) end(watcher, 'end');
      }
    },
    stop: () => {
      stopped = true;
      for (const watcher of watchers) end(watcher, 'stop');
    },
  };
};
