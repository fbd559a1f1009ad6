import type { SchedulerLike } from 'rxjs';
import { logOf, type Level, type Log } from '../model';
import { createLog, limitRepeats, type LimitedLog } from './log';
import { createLogOutput, type LogOutput } from './logOutput';
import { redact } from './redact';

const STDOUT = 1;

export interface DaemonLogOptions {
  /** Takes every line, whatever its level. Default: JSON lines on standard output. */
  readonly given: Log | undefined;
  /** The least severe lines of the default. */
  readonly level: Level;
  readonly hide: (text: string) => string;
  readonly scheduler?: SchedulerLike | undefined;
}

export interface DaemonLog extends Pick<LogOutput, 'drained' | 'flushSync'> {
  readonly log: LimitedLog;
}

const hiding = (log: Log, hide: (text: string) => string): Log =>
  logOf(
    (level) =>
      (message, fields = {}) =>
        log[level](hide(message), redact(fields, hide) as typeof fields),
  );

/** The log of a daemon in somebody's program, theirs or ours: without secrets, and bounded as that of the command. */
export const createDaemonLog = ({ given, level, hide, scheduler }: DaemonLogOptions): DaemonLog => {
  if (given) {
    const log = limitRepeats(hiding(given, hide), scheduler);
    return { log, drained: () => Promise.resolve(), flushSync: () => undefined };
  }
  const { write, drained, flushSync } = createLogOutput(STDOUT);
  return { log: limitRepeats(createLog(level, { write }, hide), scheduler), drained, flushSync };
};
