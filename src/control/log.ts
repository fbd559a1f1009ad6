import { asyncScheduler, type SchedulerLike, type Subscription } from 'rxjs';
import { pino, type DestinationStream } from 'pino';
import { logOf, type Level, type Log } from '../model';
import { redact } from './redact';

/** Lines of one message in `WINDOW_MS` before the rest of them is only counted. */
const LINES_PER_WINDOW = 5;
const WINDOW_MS = 60_000;

/** JSON lines: `{"level":"INFO","time":"…","msg":"listening", …}`. `hide` sees every text of the lines that are written. */
export const createLog = (
  level: Level,
  destination: DestinationStream,
  hide: (text: string) => string = (text) => text,
): Log => {
  const logger = pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label.toUpperCase() }) },
    },
    destination,
  );
  return logOf((name) => (message, fields = {}) => {
    if (logger.isLevelEnabled(name)) logger[name](redact(fields, hide), hide(message));
  });
};

/** The minute of a message. */
interface Window {
  lines: number;
  last: Readonly<Record<string, unknown>>;
  end?: Subscription;
}

/** A log of which not every line is written. */
export interface LimitedLog extends Log {
  /** Ends the minute of all messages now, since there may be no end of it. Nothing is waited for any more. */
  readonly tellSuppressed: () => void;
}

/**
 * Bounds repeated warnings and errors: of each message the first five in a minute are written; at the minute's end one line
 * more says how many were not (`suppressed`), with the fields of the last.
 */
export const limitRepeats = (log: Log, scheduler: SchedulerLike = asyncScheduler): LimitedLog => {
  const ends: (() => void)[] = [];
  const limited = (level: 'warn' | 'error'): Log[Level] => {
    const windows = new Map<string, Window>();
    const endWindow = (message: string): void => {
      const window = windows.get(message);
      windows.delete(message);
      window?.end?.unsubscribe();
      if (window && window.lines > LINES_PER_WINDOW)
        log[level](message, { ...window.last, suppressed: window.lines - LINES_PER_WINDOW });
    };
    ends.push(() => {
      for (const message of [...windows.keys()]) endWindow(message);
    });
    return (message, fields = {}) => {
      const window: Window = windows.get(message) ?? { lines: 0, last: fields };
      if (window.lines === 0) {
        windows.set(message, window);
        window.end = scheduler.schedule(() => endWindow(message), WINDOW_MS);
      }
      window.lines += 1;
      window.last = fields;
      if (window.lines <= LINES_PER_WINDOW) log[level](message, fields);
    };
  };
  return {
    ...log,
    warn: limited('warn'),
    error: limited('error'),
    tellSuppressed: () => {
      for (const end of ends) end();
    },
  };
};
