import type { Ending } from '../../../control/ending';
import type { DaemonProcess } from '../../command';
import { EX } from '../../exitCodes';

/** How the process ends, when its daemon has. */
export interface ProcessEnd {
  /** Writes what is held to the spool and ends the process, whatever else fails; at once where it is ending already. */
  readonly atOnce: (code: number, message: string, fields: Readonly<Record<string, unknown>>) => never;
  /** The end of a stop; `lost`: messages that were dropped before. */
  readonly stopped: (lost: number) => never;
}

/** How this process ends; from now on also where an error is caught by nobody. */
export const endingFor = (process: DaemonProcess, ending: Ending): ProcessEnd => {
  const atOnce: ProcessEnd['atOnce'] = (code, message, fields) => {
    ending.atOnce(message, fields);
    return process.exit(code);
  };
  const crash = (error: unknown): never =>
    atOnce(EX.SOFTWARE, 'unexpected error', { error: error instanceof Error ? error.stack : String(error) });
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  return {
    atOnce,
    stopped: (lost) => process.exit(ending.stopped(lost).lost > 0 ? EX.SOFTWARE : EX.OK),
  };
};
