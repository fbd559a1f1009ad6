import type { Frames, StreamOptions } from '../model';
import type { JournalSegment } from './journalSegment';

/** Where the runs of an entry lie. */
export interface Place {
  readonly segment: JournalSegment;
  readonly emptyKey: StreamOptions['emptyKey'] | undefined;
}

/** Runs on their way into a segment. */
export interface Entry {
  readonly runs: readonly Frames[];
  readonly emptyKey: StreamOptions['emptyKey'] | undefined;
  /** The segment that they are to leave. Undefined: they are in none yet. */
  readonly from?: JournalSegment;
  /** Told when they lie in one. */
  readonly written?: () => void;
}

/** Entries, written in order of their coming. */
export interface EntryQueue {
  readonly add: (entry: Entry) => void;
  readonly isEmpty: () => boolean;
  /** Resolves when all that was added is written. */
  readonly whenEmpty: () => Promise<void>;
}

/** Bytes of one write, about: the records are a copy that is charged to nobody. */
const WRITE_BYTES = 1024 * 1024;

const bytesOf = ({ runs }: Entry): number => runs.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Groups: what is added while a write is under way goes with the next. `write` never rejects. */
export const createEntryQueue = (write: (group: readonly Entry[]) => Promise<void>): EntryQueue => {
  let waiting: Entry[] = [];
  let writing: Promise<void> | undefined;

  const takeGroup = (): readonly Entry[] => {
    let bytes = 0;
    const last = waiting.findIndex((entry) => (bytes += bytesOf(entry)) >= WRITE_BYTES);
    const group = last < 0 ? waiting : waiting.slice(0, last + 1);
    waiting = last < 0 ? [] : waiting.slice(last + 1);
    return group;
  };

  const writeAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = takeGroup();
      await write(group);
      for (const { written } of group) written?.();
    }
    writing = undefined;
  };

  return {
    add(entry) {
      waiting.push(entry);
      writing ??= writeAll();
    },
    isEmpty: () => writing === undefined,
    whenEmpty: () => writing ?? Promise.resolve(),
  };
};
