import { prettyFactory } from 'pino-pretty';
import { hideIn } from '../config/secrets';
import type { Configured } from '../control/configure';
import { createEnv } from '../control/createEnv';
import { createHeld, memoryMarks } from '../control/held';
import { createLog } from '../control/log';
import { createUnsettled } from '../control/unsettled';
import type { Env } from '../model';

/**
 * What a stream takes from outside, for a command: its log goes line by line to `write`, for people. What a daemon tells as
 * information is no concern of who waits for a command.
 */
export const commandEnvironment = (
  { settings: { logLevel, maxCpus, maxMemoryBytes }, secrets }: Configured,
  write: (line: string) => void,
): Env => {
  const pretty = prettyFactory({ colorize: false, singleLine: true, translateTime: 'HH:MM:ss' });
  const log = createLog(
    logLevel === 'info' ? 'warn' : logLevel,
    { write: (line) => write(pretty(line).trimEnd()) },
    hideIn(secrets),
  );
  const marks = memoryMarks(maxMemoryBytes);
  return createEnv({
    ...{ log, maxCpus, maxBuckets: marks.maxBuckets },
    held: createHeld(marks),
    unsettled: createUnsettled().unsettled,
  });
};
