import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { openClient, type Client } from '../../support/client';
import { MAIN } from '../../support/daemon';
import { numberedFrame } from '../../support/numbered';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, COPY, expectWithin, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const DESCRIPTORS = 40;
const CLIENTS = 60;
/** Descriptors that the daemon is started with beside its own: whatever starts it may leave some open. */
const INHERITED = 8;
const ROUNDS = 3;
const PATIENCE_MS = 20_000;

const STARTED_WITH_MORE = `
  for _ in {1..${INHERITED}}; do exec {fd}</dev/null; done
  exec prlimit --nofile=${DESCRIPTORS}:${DESCRIPTORS} "$@"`;

const mayLimit = (): boolean => {
  try {
    execFileSync('prlimit', [`--nofile=${DESCRIPTORS}:${DESCRIPTORS}`, 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

const run = async (context: FaultContext): Promise<FaultResult> => {
  if (!mayLimit()) return skippedBecause('needs prlimit');
  const daemon = await startIn(context, {
    buckets: oneBucket({ copy: toFiles(COPY, { sizeRotate: '1KB' }) }),
    command: ['bash', '-c', STARTED_WITH_MORE, 'bash', process.execPath, MAIN, 'start'],
  });
  const folder = path.join(context.folder, COPY);
  let next = 0;
  const served: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const clients = await Promise.all(Array.from({ length: CLIENTS }, () => openClient(daemon.socket)));
    const open = new Set<Client>(clients);
    for (const client of clients) void client.closed.then(() => open.delete(client));
    // Some were refused, and the others are served: each of them writes, which is seen in a file.
    expectWithin(await until(() => open.size < CLIENTS, PATIENCE_MS), 'a refusal');
    expectWithin(await stable(() => open.size), 'an end of the refusals');
    served.push(open.size);
    for (const client of open) {
      const n = next++;
      await client.write(numberedFrame(BUCKET, n, { keys: 1, connection: `c${n}` }));
      expectWithin(await until(() => hasArrived(folder, n), PATIENCE_MS), `message ${n}`);
    }
    await Promise.all([...open].map((client) => client.end()));
  }
  const ended = await daemon.stop();
  const result = resultOf({ found: await find({ next, folders: [folder] }), ended });
  const refusals = ended.lines.filter(({ msg }) => msg === 'connection refused');
  return {
    ...result,
    violations: [
      ...result.violations,
      ...(refusals.length > 0 ? [] : ['no line of the log says that connections were refused']),
      ...(Math.min(...served) > 0 ? [] : ['no client was served']),
    ],
    note: `of ${CLIENTS} clients at once ${served.join(', ')} were served, the others refused`,
  };
};

const STABLE_MS = 300;

/** Resolves when a number has been the same for a while. */
const stable = (read: () => number): Promise<number | undefined> => {
  let seen = { value: read(), sinceMs: performance.now() };
  return until(() => {
    const value = read();
    if (value !== seen.value) seen = { value, sinceMs: performance.now() };
    return performance.now() - seen.sinceMs > STABLE_MS;
  }, PATIENCE_MS);
};

export const fewDescriptors: FaultCase = {
  name: 'descriptor-limit',
  number: 24,
  title: 'limit of 40 descriptors, 60 clients',
  quick: true,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 60,
  run,
};
