import path from 'node:path';
import type { Daemon } from '../../support/daemon';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { lastLedger, stopFaults, sumOf } from '../ledger';
import { find, together } from '../oracle';
import { between } from '../../support/random';
import { startTraffic, type Traffic } from '../traffic';
import { sizesIn, until } from '../watch';
import { flow } from './support/flow';
import { numbersIn } from './support/numbers';
import { BUCKET, COPY, expectWithin, oneBucket, startIn, toFiles } from './support/scene';

const ROUNDS = 4;
/** What was written so long before is in the journal. */
const UNREAD_MS = 500;
/** Batches stay open for longer than that, so that the journal alone has them. */
const BATCH_MS = 1000;
const PER_SECOND = 5000;
const PATIENCE_MS = 20_000;
const ACCEPTED = path.join('spool', 'accepted');

/** A file of each bucket and stream, which every daemon of the case goes on with. */
const stream = (folder: string): unknown => toFiles(folder, { fileNameTemplate: '{bucket}' });
const OTHER = 'other';

const run = async (context: FaultContext): Promise<FaultResult> => {
  const at = (name: string): string => path.join(context.folder, name);
  const buckets = oneBucket(
    { copy: stream(COPY), other: stream(OTHER) },
    { durability: 'journal', batch: 100_000, batchTimeout: BATCH_MS },
  );
  const accepted = new Set<number>();
  const violations: string[] = [];
  let duplicatesPossible = 0;
  let next = 0;
  const start = (): Promise<Daemon> => startIn(context, { env: { SPOOL: './spool' }, buckets });
  const load = ({ socket }: Daemon): Promise<Traffic> =>
    startTraffic({ socket, bucket: BUCKET, perSecond: PER_SECOND, first: next });

  for (let round = 0; round < ROUNDS; round += 1) {
    const victim = await start();
    const traffic = await load(victim);
    const unreadFrom = await flow(traffic, between(context.random, UNREAD_MS, 4 * UNREAD_MS), UNREAD_MS);
    await victim.stop('SIGKILL');
    await traffic.stop();
    const found = await numbersIn(at(ACCEPTED), at(COPY), at(OTHER));
    for (const n of found) accepted.add(n);
    for (let n = next; n < unreadFrom; n += 1)
      if (!found.has(n))
        violations.push(`I1: message ${n} was written ${UNREAD_MS} ms before the kill, and not accepted`);
    next = traffic.next();

    const heir = await start();
    const more = await load(heir);
    const wanted = [...found];
    const arrived = async (): Promise<boolean> => {
      const all = await Promise.all([COPY, OTHER].map((folder) => numbersIn(at(folder))));
      return wanted.every((n) => all.every((numbers) => numbers.has(n)));
    };
    expectWithin(await until(arrived, PATIENCE_MS, 200), 'all that the killed one had accepted');
    await more.stop();
    const ended = await heir.stop();
    violations.push(...stopFaults(ended));
    // Of two streams of equal ledgers, whose copies are counted apart.
    duplicatesPossible += sumOf(lastLedger(ended), 'duplicatesPossible');
    for (let n = next; n < more.next(); n += 1) accepted.add(n);
    next = more.next();
  }
  const left = [...sizesIn(at(ACCEPTED)).keys()];
  const [copy, other] = [await find({ next, folders: [at(COPY)] }), await find({ next, folders: [at(OTHER)] })];
  const there = [await numbersIn(at(COPY)), await numbersIn(at(OTHER))];
  const lost = [...accepted].filter((n) => there.some((numbers) => !numbers.has(n))).length;
  return {
    ...together([copy, other]),
    sent: accepted.size,
    lost,
    duplicatesPossible,
    violations: [
      ...violations.slice(0, 5),
      ...(left.length > 0 ? [`${left.length} files are left in ${ACCEPTED}`] : []),
    ],
    note: `${ROUNDS} kills; what counts is what was accepted: in the journal, or written`,
  };
};

export const sigkillJournal: FaultCase = {
  name: 'sigkill-journal',
  number: 14,
  title: 'daemon SIGKILL at random moments, with a journal',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 120,
  run,
};
