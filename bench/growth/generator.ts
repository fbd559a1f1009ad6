/** Run by `traffic.ts`: takes a traffic, opens its connections, and sends so many messages each time that it is told to. */
import { once } from 'node:events';
import { openClient, type Client } from '../../spec/support/client';
import { encodeFrame } from '../../src/wire/frame';
import { keyOf, messagePool } from '../messages';
import { paced } from '../paced';
import type { Sent, Traffic } from './traffic';

/** Distinct messages are at most so many and, but for the largest, so many bytes: far more than a compressor looks back on. */
const DISTINCT = 10_000;
const DISTINCT_BYTES = 16 * 1024 * 1024;
/** Connects at once. */
const CONNECTS = 256;
const TEXT_BYTES = 1000;
const NOTHING = Buffer.alloc(0);

/** One write of each turn: whole messages, every bucket in turn, as often as it takes until no two writes are alike. */
const writesOf = ({ messageBytes, perWrite, buckets, keys }: Traffic): readonly Buffer[] => {
  const text = Buffer.from(messagePool(TEXT_BYTES).join(''));
  const least = Math.max(buckets.length, perWrite);
  const distinct = Math.max(least, Math.min(DISTINCT, Math.floor(DISTINCT_BYTES / messageBytes)));
  const frameAt = (i: number): Buffer => {
    const from = (i * messageBytes) % (text.length - messageBytes);
    const message = text.subarray(from, from + messageBytes);
    return encodeFrame(buckets[i % buckets.length] ?? '', message, keys ? keyOf(i) : '');
  };
  return Array.from({ length: Math.ceil(distinct / perWrite) }, (_, turn) =>
    Buffer.concat(Array.from({ length: perWrite }, (_message, i) => frameAt(turn * perWrite + i))),
  );
};

const openAll = async (path: string, count: number): Promise<readonly Client[]> => {
  const clients: Client[] = [];
  while (clients.length < count) {
    const more = Array.from({ length: Math.min(CONNECTS, count - clients.length) }, () => openClient(path));
    clients.push(...(await Promise.all(more)));
  }
  return clients;
};

/** Sends `count` writes, the next each, and resolves with their bytes. */
const sendAll = async (
  { perSecond, perWrite }: Traffic,
  clients: readonly Client[],
  writes: readonly Buffer[],
  count: number,
): Promise<number> => {
  let bytes = 0;
  const writeAt = async (i: number): Promise<void> => {
    const next = writes[i % writes.length] ?? NOTHING;
    bytes += next.length;
    await clients[i % clients.length]?.write(next);
  };
  const flatOut = async (_client: Client, first: number): Promise<void> => {
    for (let i = first; i < count; i += clients.length) await writeAt(i);
  };
  if (perSecond === undefined) await Promise.all(clients.map(flatOut));
  else await paced(count, perSecond / perWrite, writeAt);
  return bytes;
};

const main = async (): Promise<void> => {
  const [traffic] = (await once(process, 'message')) as [Traffic];
  const writes = writesOf(traffic);
  const clients = await openAll(traffic.socket, traffic.connections);
  process.on('message', ({ messages }: { readonly messages: number }) => {
    const count = Math.ceil(messages / traffic.perWrite);
    const started = performance.now();
    void sendAll(traffic, clients, writes, count).then((bytes) =>
      process.send?.({
        messages: count * traffic.perWrite,
        bytes,
        seconds: (performance.now() - started) / 1000,
      } satisfies Sent),
    );
  });
  process.send?.('ready');
};

void main();
