import { writeSync } from 'node:fs';
import { createEnding, type Ending, type EndingOptions } from '../../../control/ending';
import type { LogOutput } from '../../../control/logOutput';
import { createSpill, type SpillAllOptions } from '../../../control/spill';
import type { Plan } from '../../../pipelines/topology';
import type { DaemonProcess } from '../../command';
import { EX } from '../../exitCodes';

const STDERR = 2;

export interface EndingParts
  extends Pick<EndingOptions, 'ledger' | 'log' | 'release'>, Pick<SpillAllOptions, 'unsettled'> {
  /** The folder of the spool. */
  readonly spool: string;
  readonly plan: () => Plan;
  readonly out: LogOutput;
}

/** How this process ends; from now on also where an error is caught by nobody. */
export const endingFor = (process: DaemonProcess, parts: EndingParts): Ending => {
  const { spool, plan, out, unsettled, ledger, log, release } = parts;
  const ending = createEnding({
    spill: createSpill({
      ...{ folder: spool, unsettled, now: Date.now },
      emptyKeyOf: (bucket) => plan().emptyKeyOf(bucket),
      emptyKeyOfStream: (id) => plan().streams.find(({ config }) => config.id === id)?.config.emptyKey,
    }),
    ...{ log, ledger, release },
    flush: out.flushSync,
    say: (text) => void writeSync(STDERR, text),
    exit: (code) => process.exit(code),
  });
  const crash = (error: unknown): never =>
    ending.atOnce(EX.SOFTWARE, 'unexpected error', { error: error instanceof Error ? error.stack : String(error) });
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  return ending;
};
