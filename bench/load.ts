/** The load generator, a process of its own: prepares everything, says `ready`, sends at `go`, says how many it has sent. */
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { openClient, type Client } from '../spec/support/client';
import { encodeFrame } from '../src/wire/frame';
import { POOL, keyOf, messagePool, stampOf } from './messages';
import { paced } from './paced';
import { SHORT_MESSAGES, type Shape } from './shape';

/** What to send, and how a message is told from the next: a version 1 frame, or a line. Buckets and prefixes take turns. */
export interface Load {
  readonly socket: string;
  readonly shape: Shape;
  readonly framing:
    | { readonly kind: 'frame'; readonly buckets: readonly string[] }
    | { readonly kind: 'line'; readonly prefixes: readonly string[] };
  readonly keys: boolean;
  /** Whether a message begins with the time at which it is written. See {@link stampOf}. */
  readonly stamps: boolean;
}

const BULK_BYTES = 64 * 1024;
const NOTHING = Buffer.alloc(0);

interface Bulk {
  readonly perWrite: number;
  readonly writes: readonly Buffer[];
}

const turnOf = (all: readonly string[], i: number): string => all[i % all.length] ?? '';

const encodedMessage = ({ framing, keys }: Load, message: string, i: number): Buffer =>
  framing.kind === 'frame'
    ? encodeFrame(turnOf(framing.buckets, i), message, keys ? keyOf(i) : '')
    : Buffer.from(`${turnOf(framing.prefixes, i)}${message}\n`);

const encoded = (load: Load): readonly Buffer[] =>
  messagePool(load.shape.messageBytes).map((message, i) => encodedMessage(load, message, i));

/** The messages from `i` on, as they leave. */
type Next = (i: number) => Buffer;

/** Messages that carry the time are made one by one. */
const nextOf = (load: Load, pool: readonly Buffer[]): Next => {
  if (!load.stamps) return (i) => pool[i % POOL] ?? NOTHING;
  const messages = messagePool(load.shape.messageBytes);
  return (i) => {
    const stamp = stampOf();
    return encodedMessage(load, `${stamp}${messages[i % POOL]?.slice(stamp.length) ?? ''}`, i);
  };
};

/** The pool in writes of about 64 KB that end with a message. */
const bulkWrites = (pool: readonly Buffer[]): Bulk => {
  const perWrite = Math.max(1, Math.floor(BULK_BYTES / (pool[0]?.length ?? 1)));
  const writes = Array.from({ length: Math.floor(POOL / perWrite) }, (_, i) =>
    Buffer.concat(pool.slice(i * perWrite, (i + 1) * perWrite)),
  );
  return { perWrite, writes };
};

const sendBulk = async (client: Client, pool: readonly Buffer[], bulk: Bulk, count: number): Promise<void> => {
  const whole = Math.floor(count / bulk.perWrite);
  for (let i = 0; i < whole; i += 1) await client.write(bulk.writes[i % bulk.writes.length] ?? NOTHING);
  if (count > whole * bulk.perWrite) await client.write(Buffer.concat(pool.slice(0, count - whole * bulk.perWrite)));
};

const sendSingle = async (client: Client, pool: readonly Buffer[], count: number, from = 0): Promise<void> => {
  for (let i = 0; i < count; i += 1) {
    await client.write(pool[(from + i) % POOL] ?? NOTHING);
    if (i % 32 === 31) await turn();
  }
};

const sendShort = async (path: string, pool: readonly Buffer[], count: number): Promise<void> => {
  for (let sent = 0; sent < count; sent += SHORT_MESSAGES) {
    const client = await openClient(path);
    await sendSingle(client, pool, Math.min(SHORT_MESSAGES, count - sent), sent);
    await client.end();
  }
};

/** `total` in `parts` shares that add up. */
const shares = (total: number, parts: number): readonly number[] =>
  Array.from({ length: parts }, (_, i) => Math.floor((total * (i + 1)) / parts) - Math.floor((total * i) / parts));

/** All sending of a load, ready to start. */
const prepare = async (load: Load): Promise<() => Promise<void>> => {
  const { socket: path, shape } = load;
  const pool = encoded(load);
  const counts = shares(shape.messages, shape.connections);
  if (shape.writes === 'short') {
    return async () => {
      await Promise.all(counts.map((count) => sendShort(path, pool, count)));
    };
  }
  const clients = await Promise.all(counts.map(() => openClient(path)));
  const bulk = bulkWrites(pool);
  const sendShare = (client: Client, i: number): Promise<void> =>
    shape.writes === 'bulk' ? sendBulk(client, pool, bulk, counts[i] ?? 0) : sendSingle(client, pool, counts[i] ?? 0);
  const next = nextOf(load, pool);
  const sendAt = async (i: number): Promise<void> => clients[i % clients.length]?.write(next(i));
  return async () => {
    if (shape.perSecond === undefined) await Promise.all(clients.map(sendShare));
    else await paced(shape.messages, shape.perSecond, sendAt);
    await Promise.all(clients.map((client) => client.end()));
  };
};

const main = async (load: Load): Promise<void> => {
  const sendAll = await prepare(load);
  process.send?.('ready');
  await once(process, 'message');
  await sendAll();
  process.send?.(load.shape.messages);
  process.disconnect();
};

void main(JSON.parse(process.argv[2] ?? '{}') as Load);
