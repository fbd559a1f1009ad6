import path from 'node:path';
import { kill } from 'node:process';
import { openClient } from '../../support/client';
import { launchDaemon, MAIN } from '../../support/daemon';
import { numberedFrame } from '../../support/numbered';
import { missingManager, underManager } from '../../support/serviceManager';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { lastLedger, ledgerFaults } from '../ledger';
import { find, together } from '../oracle';
import { until } from '../watch';
import { childrenOf } from './support/children';
import { BUCKET, COPY, expectWithin, oneBucket, toFiles } from './support/scene';

const RESTARTS = 100;
const CLIENTS = 4;
const PATIENCE_MS = 20_000;

/** Writes a frame over a connection of its own; whether that ended otherwise than by being read to its end. */
const broke = async (socket: string, frame: Buffer): Promise<boolean> => {
  const client = await openClient(socket);
  let isBroken = false;
  client.socket.on('error', () => (isBroken = true));
  client.socket.end(frame);
  await client.closed;
  return isBroken;
};

const run = async (context: FaultContext): Promise<FaultResult> => {
  const missing = missingManager();
  if (missing !== undefined) return skippedBecause(missing);
  const socket = path.join(context.folder, 'kahets.sock');
  const manager = await launchDaemon({
    folder: context.folder,
    buckets: oneBucket({ copy: toFiles(COPY) }),
    command: underManager({ socket }, [process.execPath, MAIN, 'start']),
  });
  const listens = (): number => manager.lines.filter(({ msg }) => msg === 'listening').length;
  await manager.waitForLog(({ msg }) => msg === 'listening');

  let next = 0;
  let again = 0;
  let stopping = false;
  const clients = Array.from({ length: CLIENTS }, async () => {
    while (!stopping) {
      const frame = numberedFrame(BUCKET, next++);
      // It is read whole, or the connection breaks and it was not.
      while (await broke(socket, frame)) again += 1;
    }
  });
  for (let restart = 0; restart < RESTARTS; restart += 1) {
    const before = listens();
    for (const pid of childrenOf(manager.pid)) kill(pid, 'SIGTERM');
    expectWithin(await until(() => listens() > before, PATIENCE_MS), `restart ${restart}`);
  }
  stopping = true;
  await Promise.all(clients);
  const ended = await manager.stop();
  const ledgers = ended.lines.filter(({ msg }) => msg === 'stopped').map((line) => ({ lines: [line] }));
  return {
    ...together([await find({ next, folders: [path.join(context.folder, COPY)] })]),
    violations: ledgers.flatMap((line) => ledgerFaults(lastLedger(line))),
    note: `${RESTARTS} restarts; ${again} of the connections were closed before they had written, and their messages written again`,
  };
};

export const passedSocket: FaultCase = {
  name: 'passed-socket',
  number: 26,
  title: 'restart on a passed socket 100 times under load',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 300,
  run,
};
