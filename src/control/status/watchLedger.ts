import type { Frames, Ledger, Outcome, RefusedReason, Settled } from '../../model';

/** Who is told of what is booked, once a batch at most. */
export interface Books {
  readonly settled: (settled: Settled) => void;
  readonly replayed: (outcome: Outcome) => void;
  readonly refused: (reason: RefusedReason, count: number, frames?: Frames) => void;
}

/** The same ledger; `books` is told of what was booked. */
export const watchLedger = (ledger: Ledger, books: Books): Ledger => ({
  ...ledger,
  settled: (settled) => {
    ledger.settled(settled);
    books.settled(settled);
  },
  replayed: (outcome) => {
    ledger.replayed(outcome);
    books.replayed(outcome);
  },
  refused: (reason, count, frames?: Frames) => {
    ledger.refused(reason, count, frames);
    books.refused(reason, count, frames);
  },
});
