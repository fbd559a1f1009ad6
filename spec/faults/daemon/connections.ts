import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openClient, type Client } from '../../support/client';
import { numberedFrame } from '../../support/numbered';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { descriptorsOf, until } from '../watch';
import { inParallel } from './support/inParallel';
import { BUCKET, COPY, oneBucket, peakOf, resultOf, startIn, toFiles } from './support/scene';

const OPEN = 10_000;
const SHORT = 100_000;
const AT_ONCE = 100;
/** What the daemon keeps for files, and this process for itself. */
const OTHER_DESCRIPTORS = 600;
const CLOSED_WITHIN_MS = 10_000;

const descriptorLimit = (): number =>
  Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1] ?? 0);

/** Runs `clients` against a daemon, and looks for what they sent. */
const withDaemon = async (
  context: FaultContext,
  sent: number,
  clients: (socket: string) => Promise<void>,
): Promise<FaultResult> => {
  const daemon = await startIn(context, { buckets: oneBucket({ copy: toFiles(COPY) }) });
  const peakMb = peakOf(context, daemon);
  const before = descriptorsOf(daemon.pid);
  await clients(daemon.socket);
  // The daemon closes its side a little later, and its file stays open.
  await until(() => descriptorsOf(daemon.pid) <= before + 1, CLOSED_WITHIN_MS);
  const descriptors = { before, after: descriptorsOf(daemon.pid) };
  const peak = peakMb();
  const ended = await daemon.stop();
  const found = await find({ next: sent, folders: [path.join(context.folder, COPY)] });
  return { ...resultOf({ found, ended, peakMb: peak }), descriptors };
};

const manyOpen = (context: FaultContext): Promise<FaultResult> => {
  const limit = descriptorLimit();
  if (limit < OPEN + OTHER_DESCRIPTORS)
    return Promise.resolve(
      skippedBecause(`needs ${OPEN + OTHER_DESCRIPTORS} open files a process, the limit here is ${limit}`),
    );
  return withDaemon(context, 2 * OPEN, async (socket) => {
    const clients: Client[] = [];
    const write = (i: number, n: number): Promise<void> =>
      clients[i]?.write(numberedFrame(BUCKET, n, { keys: 1, connection: `c${i}` })) ?? Promise.resolve();
    await inParallel(AT_ONCE, OPEN, async () => {
      clients.push(await openClient(socket));
    });
    await inParallel(AT_ONCE, OPEN, (i) => write(i, i));
    await inParallel(AT_ONCE, OPEN, (i) => write(i, OPEN + i));
    await inParallel(AT_ONCE, OPEN, (i) => clients[i]?.end() ?? Promise.resolve());
  });
};

const connectWriteClose = (context: FaultContext): Promise<FaultResult> =>
  withDaemon(context, SHORT, (socket) =>
    inParallel(AT_ONCE, SHORT, async (n) => {
      const client = await openClient(socket);
      client.socket.end(numberedFrame(BUCKET, n));
      await client.closed;
    }),
  );

export const tenThousandConnections: FaultCase = {
  name: 'connections-10000',
  number: 23,
  title: '10,000 connections at once',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7'],
  limitS: 90,
  run: manyOpen,
};

export const shortConnections: FaultCase = {
  name: 'connect-write-close',
  number: 23,
  title: 'connect, write, close, 100,000 times',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I7'],
  limitS: 180,
  run: connectWriteClose,
};
