import { rm } from 'node:fs/promises';
import path from 'node:path';
import { launchDaemon, type Daemon } from '../../support/daemon';
import { openClient, type Client } from '../../support/client';
import { numberedFrame } from '../../support/numbered';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { stopFaults } from '../ledger';
import { find, together } from '../oracle';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, COPY, expectWithin, oneBucket, startIn, toFiles } from './support/scene';

const PATIENCE_MS = 10_000;
const SOME = 100;
/** The daemon's exit code where it cannot listen. */
const CANTCREAT = 73;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const { folder } = context;
  const copy = path.join(folder, COPY);
  const options = { folder, buckets: oneBucket({ copy: toFiles(COPY) }) };
  const violations: string[] = [];
  let next = 0;
  const sendSome = async (client: Client): Promise<void> => {
    const frames = Array.from({ length: SOME }, () => numberedFrame(BUCKET, next++));
    await client.write(Buffer.concat(frames));
    expectWithin(await until(() => hasArrived(copy, next - 1), PATIENCE_MS), `message ${next - 1}`);
  };
  const serves = async ({ socket }: Daemon): Promise<void> => {
    const client = await openClient(socket);
    await sendSome(client);
    await client.end();
  };
  const stop = async (daemon: Daemon): Promise<void> => void violations.push(...stopFaults(await daemon.stop()));

  // A second one on the same path goes away, and the first serves on.
  const first = await startIn(context, options);
  const client = await openClient(first.socket);
  await sendSome(client);
  const second = await (await launchDaemon(options)).ended;
  if (second.code !== CANTCREAT || !second.output.includes('a daemon that listens there'))
    violations.push(`a second daemon ended with ${second.code ?? second.signal ?? ''}: ${second.output.slice(-300)}`);
  await sendSome(client);
  await serves(first);

  // What is left of one that was killed is replaced.
  await first.stop('SIGKILL');
  const third = await startIn(context, options);
  await serves(third);

  // A path that is removed, then taken by another: each has its clients, and the first to go leaves the other's path.
  const old = await openClient(third.socket);
  await rm(third.socket);
  await sendSome(old);
  const fourth = await startIn(context, options);
  await serves(fourth);
  await sendSome(old);
  await old.end();
  await stop(third);
  await serves(fourth);
  await stop(fourth);
  return { ...together([await find({ next, folders: [copy] })]), violations };
};

export const oneOwner: FaultCase = {
  name: 'one-owner',
  number: 27,
  title: 'two daemons, a stale socket, the socket file removed',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 60,
  run,
};
