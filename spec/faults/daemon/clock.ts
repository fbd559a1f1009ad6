import { existsSync } from 'node:fs';
import { readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MAIN } from '../../support/daemon';
import { skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { find } from '../oracle';
import { startTraffic } from '../traffic';
import { until } from '../watch';
import { hasArrived } from './support/arrived';
import { BUCKET, COPY, expectWithin, lasts, oneBucket, resultOf, startIn, toFiles } from './support/scene';

const LIBRARIES = '/usr/lib';
const STAY_MS = 1000;
const PATIENCE_MS = 10_000;
/** A batch closes after 20 ms whatever the clock says; the rest is for a busy machine. */
const RETURN_S = 2;
/** Offsets of the clock in turn: to tomorrow and back, to yesterday and back, and to the same second again and again. */
const OFFSETS = ['+1d', '+0', '-1d', '+0', '-1', '-2', '-3', '+0'];

/** The preloaded library of the package faketime: `…/faketime/libfaketimeMT.so.1`. */
const findLibrary = async (): Promise<string | undefined> => {
  const folders = (await readdir(LIBRARIES)).map((name) => path.join(LIBRARIES, name, 'faketime'));
  return [path.join(LIBRARIES, 'faketime'), ...folders]
    .map((folder) => path.join(folder, 'libfaketimeMT.so.1'))
    .find((file) => existsSync(file));
};

/** Days since 1970 of a file `SECONDS` or `SECONDS-NUMBER`. */
const dayOf = (name: string): number => Math.floor(Number(name.split('-')[0]) / 86_400);

const run = async (context: FaultContext): Promise<FaultResult> => {
  const library = await findLibrary();
  if (library === undefined) return skippedBecause('needs the package faketime');
  const clock = path.join(context.folder, 'clock');
  const setClock = async (offset: string): Promise<void> => {
    // Whole at every moment: it is read at each look at the clock.
    await writeFile(`${clock}.next`, `${offset}\n`);
    await rename(`${clock}.next`, clock);
  };
  await setClock('+0');
  const folder = path.join(context.folder, COPY);
  const daemon = await startIn(context, {
    // The clock of timers does not follow a clock that is set; files that rotate quickly need many names a second.
    buckets: oneBucket({ copy: toFiles(COPY, { sizeRotate: '16KB', maxFiles: 100_000, ageRotate: '5s' }) }),
    command: [
      ...(['env', `LD_PRELOAD=${library}`, `FAKETIME_TIMESTAMP_FILE=${clock}`] as const),
      ...['FAKETIME_NO_CACHE=1', 'DONT_FAKE_MONOTONIC=1', 'FAKETIME_DONT_FAKE_MONOTONIC=1', 'NO_FAKE_STAT=1'],
      ...[process.execPath, MAIN, 'start'],
    ],
  });
  const traffic = await startTraffic({ socket: daemon.socket, bucket: BUCKET });
  let returnMs = 0;
  for (const offset of OFFSETS) {
    await lasts(STAY_MS);
    await setClock(offset);
    const fresh = traffic.next();
    const backMs = await until(() => hasArrived(folder, fresh), PATIENCE_MS);
    returnMs = Math.max(returnMs, expectWithin(backMs, `a message after the clock went to ${offset}`));
  }
  await traffic.stop();
  const ended = await daemon.stop();
  const result = resultOf({ found: await find({ next: traffic.next(), folders: [folder] }), ended, traffic });
  // The names of files follow the clock: those of other days show that it was set at all.
  const days = new Set((await readdir(path.join(folder, BUCKET))).map(dayOf));
  return {
    ...result,
    violations: [
      ...result.violations,
      ...(days.size >= 3 ? [] : [`the names of the files are of ${days.size} days, not of 3`]),
    ],
    returnS: returnMs / 1000,
    returnLimitS: RETURN_S,
    note: `clock set to ${OFFSETS.join(', ')}`,
  };
};

export const clockJumps: FaultCase = {
  name: 'clock-jumps',
  number: 33,
  title: 'clock ±1 day, and back by seconds',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6'],
  limitS: 60,
  run,
};
