import type { Ledger, Log } from '../model';
import { totalsOf, type Spilled } from './spill';

export interface EndingOptions {
  /** Writes what is held to the spool. Called once. */
  readonly spill: () => readonly Spilled[];
  readonly log: Log;
  readonly ledger: Pick<Ledger, 'rows' | 'states'>;
  /** Writes the log's lines out. */
  readonly flush: () => void;
  /** Writes to standard error. */
  readonly say: (text: string) => void;
  /** Lets the next process have the spool. */
  readonly release: () => void;
  readonly exit: (code: number) => never;
}

export interface Ending {
  /** Writes what is held to the spool and ends the process, whatever else fails: log, disk, or a second call. */
  readonly atOnce: (code: number, message: string, fields: Readonly<Record<string, unknown>>) => never;
  /** The end of a stop: what no sink gave up in time goes to the spool. Messages are lost where that fails, or were before. */
  readonly stopped: (lost: number, codes: { readonly whole: number; readonly lost: number }) => never;
}

/** Counts and names for the log, of the files that could be written and of what is in none. */
const toldOf = (spilled: readonly Spilled[]): Readonly<Record<string, unknown>> => ({
  ...totalsOf(spilled),
  files: spilled.flatMap(({ file }) => file ?? []),
  missing: spilled
    .filter(({ lost }) => lost.size > 0)
    .map(({ stream, lost, cause }) => ({ stream, cause, messages: Object.fromEntries(lost) })),
});

/** How the process ends. */
export const createEnding = ({ spill, log, ledger, flush, say, release, exit }: EndingOptions): Ending => {
  let ending = false;

  /** Each step is taken, whatever became of the one before. */
  const attempt = (step: () => void): void => {
    try {
      step();
    } catch (error) {
      try {
        say(`kahets: ${String(error)}\n`);
      } catch {
        // Nobody is left to tell.
      }
    }
  };

  const tell = (spilled: readonly Spilled[]): void => {
    if (spilled.length === 0) return;
    const { lost } = totalsOf(spilled);
    if (lost > 0) log.fatal('messages are lost: the spool did not take them', toldOf(spilled));
    else log.warn('what was held is in the spool, for the next start', toldOf(spilled));
  };

  return {
    atOnce: (code, message, fields) => {
      if (ending) return exit(code);
      ending = true;
      // The messages first: a log that nobody reads may take for ever.
      let spilled: readonly Spilled[] = [];
      attempt(() => {
        spilled = spill();
      });
      attempt(() => log.fatal(message, { ...fields, ledger: ledger.rows() }));
      attempt(() => tell(spilled));
      attempt(flush);
      attempt(release);
      return exit(code);
    },
    stopped: (lost, codes) => {
      ending = true;
      const spilled = spill();
      const isLost = lost + totalsOf(spilled).lost > 0;
      if (lost > 0) log.error('messages are lost: no sink took them in time, nor did the spool', { lost });
      tell(spilled);
      log.info('stopped', { ledger: ledger.rows(), streams: ledger.states() });
      attempt(flush);
      attempt(release);
      return exit(isLost ? codes.lost : codes.whole);
    },
  };
};
