import { randomUUID } from 'node:crypto';
import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import {
  defineSink,
  halvePoison,
  inTurn,
  watchHealth,
  wholeOf,
  type Attempt,
  type Batch,
  type Env,
  type Fate,
  type Part,
  type Sink,
  type StreamOptions,
} from 'kahets';
import { openDatabase, whereOf } from './database';
import { rowOf, type Row } from './insert';
import { decodeSettings, type Settings } from './settings';

const LOOK_EVERY_MS = 1000;

/** Where the rows of a batch, or of a part of one, begin. */
type Begin = Pick<Row, 'batch' | 'position'>;

const openPostgres = (settings: Settings, env: Env, { emptyKey }: StreamOptions): Sink => {
  const { insert, look, close: disconnect } = openDatabase(settings, ({ message }) => told(message));
  const { health$, told, close } = watchHealth(look, LOOK_EVERY_MS, env.scheduler);
  /** What is tried again comes as the same object, and gets the same rows: what is there already stays as it is. */
  const begins = new WeakMap<Batch, Begin>();

  const write = async (part: Part<Row>, over: AbortSignal): Promise<readonly Fate[]> => {
    if (over.aborted) return [];
    const { batch, messages } = part;
    const verdict = await insert(messages.map(({ sent }) => sent));
    const isPoison = verdict?.cause.kind === 'poison';
    told(isPoison ? undefined : verdict?.cause.message);
    if (!verdict) return [E.right(batch)];
    const [first] = messages;
    if (first) begins.set(batch, first.sent);
    return [E.left({ batch, ...verdict })];
  };

  const attempt: Attempt = async (batch, over) => {
    if (batch.count === 0) return [];
    const begin = begins.get(batch) ?? { batch: randomUUID(), position: 0 };
    begins.set(batch, begin);
    const rows = wholeOf(batch, (message, at) =>
      rowOf(message, { batch: begin.batch, position: begin.position + at }, emptyKey),
    );
    return halvePoison<Row>((part) => write(part, over))(rows);
  };

  const { write: writeInTurn, idle } = inTurn(env.name, attempt);
  return {
    write: writeInTurn,
    health$,
    close: async () => {
      await idle();
      close();
      await disconnect();
    },
  };
};

/** Inserts the messages of a batch into a table, in one statement, in order for each bucket. */
export const postgres = defineSink<Settings>({
  decode: decodeSettings,
  where: whereOf,
  probe: async (settings, _env, { timeoutMs }) => {
    const database = openDatabase({ ...settings, timeoutMs, connections: 1 });
    const problem = await database.look();
    await database.close();
    return [{ place: whereOf(settings), ...(problem !== undefined && { problem }) }];
  },
  open: (settings, env, options) => TE.rightIO(() => openPostgres(settings, env, options)),
});

/** For `"type": "./dist/src/postgres.js"`. */
export default postgres;
