import type { Ledger, Log } from '../model';
import type { Ended } from './daemonApi';
import { totalsOf, type Spilled } from './spill';

export interface EndingOptions {
  /** Writes what is held to the spool. Called once. */
  readonly spill: () => readonly Spilled[];
  readonly log: Log;
  readonly ledger: Pick<Ledger, 'rows' | 'states'>;
  /** Writes the log's lines out. */
  readonly flush: () => void;
  /** Told, in a line, of a step of the end that failed. */
  readonly say: (text: string) => void;
  /** Lets the next process have the spool. */
  readonly release: () => void;
}

export interface Ending {
  /** Writes what is held to the spool, whatever else fails: log or disk. Only once: a second call, or one meanwhile, does nothing. */
  readonly atOnce: (message: string, fields: Readonly<Record<string, unknown>>) => Ended;
  /** The end of a stop: what no sink gave up in time goes to the spool. `lost`: messages that were dropped before. */
  readonly stopped: (lost: number) => Ended;
}

/** Counts and names for the log, of the files that could be written and of what is in none. */
const toldOf = (spilled: readonly Spilled[]): Readonly<Record<string, unknown>> => ({
  ...totalsOf(spilled),
  files: spilled.flatMap(({ file }) => file ?? []),
  missing: spilled
    .filter(({ lost }) => lost.size > 0)
    .map(({ stream, lost, cause }) => ({ stream, cause, messages: Object.fromEntries(lost) })),
});

/** How a daemon ends. Whatever happens to it after that is of no use. */
export const createEnding = ({ spill, log, ledger, flush, say, release }: EndingOptions): Ending => {
  let ended: Ended | undefined;

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
    atOnce: (message, fields) => {
      if (ended) return ended;
      ended = { spooled: 0, lost: 0 };
      // The messages first: a log that nobody reads may take for ever.
      let spilled: readonly Spilled[] = [];
      attempt(() => {
        spilled = spill();
      });
      attempt(() => log.fatal(message, { ...fields, ledger: ledger.rows() }));
      attempt(() => tell(spilled));
      attempt(flush);
      attempt(release);
      return (ended = totalsOf(spilled));
    },
    stopped: (lost) => {
      if (ended) return ended;
      ended = { spooled: 0, lost };
      const spilled = spill();
      const totals = totalsOf(spilled);
      ended = { ...totals, lost: lost + totals.lost };
      if (lost > 0) log.error('messages are lost: no sink took them in time, nor did the spool', { lost });
      tell(spilled);
      log.info('stopped', { ledger: ledger.rows(), streams: ledger.states() });
      attempt(flush);
      attempt(release);
      return ended;
    },
  };
};
