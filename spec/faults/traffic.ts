/** Clients that write numbered messages, and how long the operating system made them wait. */
import { setTimeout as sleep } from 'node:timers/promises';
import { openClient, type Client } from '../support/client';
import { numberedFrame } from '../support/numbered';

export interface TrafficOptions {
  readonly socket: string;
  readonly bucket: string;
  /** Default: 4. */
  readonly connections?: number;
  /** Messages a second over all connections; 0: as fast as they are taken. Default: 2,000. */
  readonly perSecond?: number;
  /** Of a message, or of message `n`. Default: 200. */
  readonly bytes?: number | ((n: number) => number);
  /** Of the first message; one number is never used twice. Default: 0. */
  readonly first?: number;
  /** Keys of each connection, which has its own. Default: 5. */
  readonly keys?: number;
}

export interface Traffic {
  /** The number of the next message. */
  readonly next: () => number;
  /** Messages that the operating system has taken. */
  readonly taken: () => number;
  /** The longest that a write took since it began or since the last call of `forgetWaits`, one that is under way included. */
  readonly longestWaitMs: () => number;
  readonly forgetWaits: () => void;
  /** Of a write that failed; the numbers of such writes may have arrived or not. */
  readonly failed: readonly { readonly first: number; readonly count: number }[];
  /** No more messages. Resolves when all are taken and the connections are closed on both sides. */
  readonly stop: () => Promise<void>;
}

const TICK_MS = 10;
/** Of one write without a rate. */
const BULK_BYTES = 64 * 1024;
/** What is due is made up for up to here: a client that had to wait does not then push all that it has missed. */
const MOST_DUE_MS = 200;

/** Connects, and writes until it is stopped. */
export const startTraffic = async ({
  socket,
  bucket,
  connections = 4,
  perSecond = 2000,
  bytes = 200,
  first = 0,
  keys = 5,
}: TrafficOptions): Promise<Traffic> => {
  const clients = await Promise.all(Array.from({ length: connections }, () => openClient(socket)));
  const bytesOf = typeof bytes === 'number' ? () => bytes : bytes;
  const failed: { first: number; count: number }[] = [];
  const underWay = new Set<{ readonly startMs: number }>();
  let next = first;
  let taken = 0;
  let longestMs = 0;
  let stopping = false;

  /** Whether it went well. */
  const writeSome = async (client: Client, connection: string, count: number): Promise<boolean> => {
    const numbers = { first: next, count };
    const frames = Array.from({ length: count }, (_, i) =>
      numberedFrame(bucket, numbers.first + i, { keys, bytes: bytesOf(numbers.first + i), connection }),
    );
    next += count;
    const write = { startMs: performance.now() };
    underWay.add(write);
    try {
      await client.write(Buffer.concat(frames));
      taken += count;
      return true;
    } catch {
      failed.push(numbers);
      return false;
    } finally {
      underWay.delete(write);
      longestMs = Math.max(longestMs, performance.now() - write.startMs);
    }
  };

  const eachMs = (1000 * connections) / perSecond;
  const mostDueMs = Math.max(MOST_DUE_MS, eachMs);
  const paced = async (client: Client, connection: string): Promise<void> => {
    let fromMs = performance.now();
    while (!stopping) {
      await sleep(TICK_MS);
      fromMs = Math.max(fromMs, performance.now() - mostDueMs);
      const count = Math.floor((performance.now() - fromMs) / eachMs);
      fromMs += count * eachMs;
      if (count > 0 && !(await writeSome(client, connection, count))) return;
    }
  };
  const pushed = async (client: Client, connection: string): Promise<void> => {
    const count = Math.max(1, Math.floor(BULK_BYTES / bytesOf(first)));
    while (!stopping && (await writeSome(client, connection, count))) await new Promise(setImmediate);
  };

  const loops = clients.map(async (client, i) => {
    await (perSecond === 0 ? pushed : paced)(client, `${bucket}.${i}`);
    await client.end();
  });
  return {
    next: () => next,
    taken: () => taken,
    longestWaitMs: () => Math.max(longestMs, ...[...underWay].map(({ startMs }) => performance.now() - startMs)),
    forgetWaits: () => (longestMs = 0),
    failed,
    stop: async () => {
      stopping = true;
      await Promise.all(loops);
    },
  };
};
