import { logOf, type Level, type Log } from '../../model';
import { redact } from '../redact';

/** A line of the log. */
export interface LogLine {
  /** Of this process, from 1. */
  readonly number: number;
  readonly atMs: number;
  readonly level: Level;
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RecentLines {
  /** The same log; its warnings and errors are remembered. */
  readonly log: (log: Log) => Log;
  /** The latest first. */
  readonly lines: () => readonly LogLine[];
}

const MOST_LINES = 50;
/** Longer texts of a line are cut. */
const LONGEST_TEXT = 500;
const LEVELS: ReadonlySet<Level> = new Set<Level>(['warn', 'error', 'fatal']);

const cut = (text: string): string => (text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text);

/** Remembers the last warnings and errors, at most 50, as `hide` lets them be shown. */
export const createRecentLines = (hide: (text: string) => string, now: () => number): RecentLines => {
  const lines: LogLine[] = [];
  let number = 0;
  const shown = (text: string): string => cut(hide(text));
  return {
    log: (log) =>
      logOf((level) =>
        LEVELS.has(level)
          ? (message, fields = {}) => {
              number += 1;
              lines.unshift({
                ...{ number, atMs: now(), level, message: shown(message) },
                fields: redact(fields, shown) as LogLine['fields'],
              });
              if (lines.length > MOST_LINES) lines.pop();
              log[level](message, fields);
            }
          : log[level],
      ),
    lines: () => [...lines],
  };
};
