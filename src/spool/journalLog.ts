import type { Log } from '../model';
import { codeOf } from '../wire/systemErrors';
import { explainJournal } from './journalAdvice';
import type { JournalSegment } from './journalSegment';

/** What the journal says of itself. */
export interface JournalLog {
  /** Said once for each kind of error, until something is written. */
  readonly cannotWrite: (error: unknown) => void;
  readonly written: () => void;
  readonly goOnWithout: () => void;
  readonly cannotSync: (segment: JournalSegment, error: unknown) => void;
  readonly keeps: (segment: JournalSegment) => void;
  readonly leftBehind: (segment: JournalSegment, error: unknown) => void;
}

export const createJournalLog = ({ folder, log }: { readonly folder: string; readonly log: Log }): JournalLog => {
  /** The code of the error that writing fails with. */
  let failure: string | undefined;
  return {
    cannotWrite: (error) => {
      const code = codeOf(error) ?? 'unknown';
      if (code === failure) return;
      failure = code;
      const cause = explainJournal(error);
      log.error('journal: cannot write; messages of journaled buckets wait', { folder, code, cause });
    },
    written: () => {
      if (failure !== undefined) log.info('journal: written again');
      failure = undefined;
    },
    goOnWithout: () => log.warn('journal: since this is a stop, messages that cannot be written go on without it'),
    cannotSync: ({ path, liveBytes: bytes }, error) =>
      log.error('journal: syncing failed; what has not settled is written to another file', {
        ...{ path, bytes, code: codeOf(error), cause: explainJournal(error) },
      }),
    keeps: ({ path }) => log.warn('journal: messages that were dropped stay on disk for the next start', { path }),
    leftBehind: ({ path }, error) =>
      log.warn('journal: a file could not be closed or removed', { path, cause: explainJournal(error) }),
  };
};
