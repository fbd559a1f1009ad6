import path from 'node:path';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { lastLedger, stopFaults, sumOf } from '../ledger';
import { find, together } from '../oracle';
import { between } from '../../support/random';
import { sizesIn, until } from '../watch';
import { BACKUP_FOLDER, framesOf, MAIN_FOLDER, withReplay, writeBackup } from './support/backlog';
import { expectWithin, lasts, startIn } from './support/scene';

const FILES = 15;
const MESSAGES = 10_000;
const KILLS = 5;
/** So slow that there is something left to send on at the last kill. */
const REPLAY_RATE = 0.02;
const PATIENCE_MS = 60_000;

const run = async (context: FaultContext): Promise<FaultResult> => {
  const { folder, random } = context;
  const next = FILES * MESSAGES;
  for (let file = 0; file < FILES; file += 1)
    await writeBackup(folder, file, framesOf(file * MESSAGES, (file + 1) * MESSAGES));
  const main = path.join(folder, MAIN_FOLDER);
  const backup = path.join(folder, BACKUP_FOLDER);
  const settings = { fileNameTemplate: '{bucket}', fsync: 'batch' };
  const written = (): number => [...sizesIn(main).values()].reduce((sum, size) => sum + size, 0);
  const grows = async (): Promise<void> => {
    const before = written();
    expectWithin(await until(() => written() > before, PATIENCE_MS, 1), 'something sent on');
  };
  const violations: string[] = [];
  let duplicatesPossible = 0;
  let kills = 0;
  while (kills < KILLS) {
    const victim = await startIn(context, { buckets: withReplay(settings, REPLAY_RATE) });
    await grows();
    await lasts(between(random, 0, 30));
    await victim.stop('SIGKILL');
    kills += 1;
    // What was under way goes first, so that it is booked before this one is stopped.
    const heir = await startIn(context, { buckets: withReplay(settings, REPLAY_RATE) });
    await grows();
    const ended = await heir.stop();
    violations.push(...stopFaults(ended));
    duplicatesPossible += sumOf(lastLedger(ended), 'duplicatesPossible');
    if (sizesIn(backup).size === 0) break;
  }
  const last = await startIn(context, { buckets: withReplay(settings) });
  expectWithin(await until(() => sizesIn(backup).size === 0, PATIENCE_MS), 'an end of the replay');
  const ended = await last.stop();
  return {
    ...together([await find({ next, folders: [main] })]),
    duplicatesPossible: duplicatesPossible + sumOf(lastLedger(ended), 'duplicatesPossible'),
    violations: [...violations, ...stopFaults(ended)],
    note: `${kills} kills`,
  };
};

export const killInReplay: FaultCase = {
  name: 'sigkill-in-replay',
  number: 32,
  title: 'daemon SIGKILL in mid-replay',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 180,
  run,
};
