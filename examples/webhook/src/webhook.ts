import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import {
  cut,
  defineSink,
  halvePoison,
  inTurn,
  oneByOne,
  watchHealth,
  wholeOf,
  type Attempt,
  type Batch,
  type Env,
  type Fate,
  type Part,
  type Sink,
} from 'kahets';
import { encodeMessage } from './encode';
import { createPost, look } from './post';
import { decodeSettings, type Settings } from './settings';
import { causeOf, type Verdict } from './verdict';

const LOOK_EVERY_MS = 1000;

/** No more of it is shown: the path of a webhook is often the secret that lets messages in. */
const placeOf = ({ url }: Settings): string => new URL(url).origin;

const openWebhook = (settings: Settings, env: Env): Sink => {
  const post = createPost(settings, env.now);
  /** What is tried again comes as the same object. */
  const ids = new WeakMap<Batch, string>();
  let notBeforeMs = 0;

  const idOf = (batch: Batch): string => {
    const id = ids.get(batch) ?? randomUUID();
    ids.set(batch, id);
    return id;
  };

  const lookAgain = (): Promise<string | undefined> =>
    env.now() < notBeforeMs ? Promise.resolve('it asks to wait') : look(settings, settings.timeoutMs);
  const { health$, told, close } = watchHealth(lookAgain, LOOK_EVERY_MS, env.scheduler);

  const send = async ({ batch, messages }: Part<string>): Promise<Verdict> => {
    const waitMs = notBeforeMs - env.now();
    if (waitMs > 0) return { is: 'unavailable', message: `it asks to wait ${waitMs} ms more`, written: 'no' };
    const verdict = await post(
      messages.map(({ sent }) => sent),
      idOf(batch),
    );
    if (verdict.is === 'unavailable') notBeforeMs = Math.max(notBeforeMs, env.now() + (verdict.waitMs ?? 0));
    told(verdict.is === 'unavailable' ? verdict.message : undefined);
    return verdict;
  };

  const write = async (part: Part<string>, over: AbortSignal): Promise<readonly Fate[]> => {
    if (over.aborted) return [];
    const { batch } = part;
    const verdict = await send(part);
    if (verdict.is === 'taken') return [E.right(batch)];
    const written = verdict.is === 'unavailable' ? verdict.written : 'no';
    return [E.left({ batch, cause: causeOf(verdict, placeOf(settings)), written })];
  };

  const attempt: Attempt = async (batch, over) =>
    batch.count === 0
      ? []
      : oneByOne(
          cut(wholeOf(batch, encodeMessage), settings.maxMessages),
          halvePoison((part) => write(part, over)),
        );

  const { write: writeInTurn, idle } = inTurn(env.name, attempt);
  return {
    write: writeInTurn,
    health$,
    close: async () => {
      await idle();
      close();
    },
  };
};

/** POSTs the messages of a batch to a URL, in order for each bucket. */
export const webhook = defineSink<Settings>({
  decode: decodeSettings,
  limits: ({ maxMessages }) => ({ count: maxMessages }),
  where: (settings) => `a webhook at ${placeOf(settings)}`,
  probe: async (settings, _env, { timeoutMs }) => {
    const problem = await look(settings, timeoutMs);
    return [{ place: placeOf(settings), ...(problem !== undefined && { problem }) }];
  },
  open: (settings, env) => TE.rightIO(() => openWebhook(settings, env)),
});

/** For `"type": "./dist/src/webhook.js"`. */
export default webhook;
