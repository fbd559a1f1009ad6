import { hostname } from 'node:os';
import { prettyFactory } from 'pino-pretty';
import { asyncScheduler } from 'rxjs';
import { hideIn } from '../config/secrets';
import type { Configured } from '../control/configure';
import { createHeld, memoryMarks } from '../control/held';
import { createLedger } from '../control/ledger';
import { createLog } from '../control/log';
import { createSlots } from '../control/slots';
import { createUnsettled } from '../control/unsettled';
import type { Env } from '../model';

/**
 * What a stream takes from outside, for a command: its log goes line by line to `write`, for people. What a daemon tells as
 * information is no concern of who waits for a command.
 */
export const commandEnvironment = (
  { settings: { logLevel, maxCpus, maxMemoryBytes }, secrets }: Configured,
  write: (line: string) => void,
  memory: () => number,
): Env => {
  const pretty = prettyFactory({ colorize: false, singleLine: true, translateTime: 'HH:MM:ss' });
  const log = createLog(
    logLevel === 'info' ? 'warn' : logLevel,
    { write: (line) => write(pretty(line).trimEnd()) },
    hideIn(secrets),
  );
  return {
    name: 'kahets',
    hostname: hostname(),
    scheduler: asyncScheduler,
    now: Date.now,
    random: Math.random,
    log,
    ledger: createLedger(),
    held: createHeld(memoryMarks(maxMemoryBytes)),
    unsettled: createUnsettled().unsettled,
    memory,
    compressions: createSlots(maxCpus - 1),
  };
};
