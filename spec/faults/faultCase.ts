/** What a case of the fault suite is: a fault that is done to the built daemon, and what must hold nevertheless. */
import type { FaultBroker } from './faultBroker';

/**
 * I1: what was accepted is in Kafka, in files or in the dead letters (after replay: in Kafka or in the dead letters).
 * I2: nothing is invented, payloads are equal. I3: duplicates are at most those counted as possible. I4: order per connection
 * and key. I5: the ledger adds up. I6: a fresh message arrives soon after healing. I7: memory and descriptors are bounded, and
 * go back.
 */
export type Invariant = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7';

/** What a case takes from the runner. */
export interface FaultContext {
  /** Of this run; the same seed does the same. */
  readonly seed: number;
  /** At least 0, below 1, from the seed. */
  readonly random: () => number;
  /** A folder of the case's own; removed at its end. */
  readonly folder: string;
  /** How long the soak lasts. */
  readonly soakMs: number;
  /** Where to keep what daemons said, for people; undefined: nowhere. */
  readonly logs: string | undefined;
  /** A line of progress, for people. */
  readonly say: (text: string) => void;
  /** A broker that no case may harm, with a second address that leads through a port of the case's own; started when first asked for. */
  readonly broker: () => Promise<FaultBroker>;
  /** Registers what is to be undone when the case ends, well, badly or by its limit: the latest first. Must not fail or hang. */
  readonly atEnd: (undo: () => Promise<void> | void) => void;
}

/** What was seen. Times are of the clock on the wall. */
export interface FaultResult {
  /** Messages written to the daemon's sockets. */
  readonly sent: number;
  /** Messages that are nowhere. */
  readonly lost: number;
  /** What may be lost: 0 but for kills without a journal, where it is what was held at that moment. */
  readonly allowedLost: number;
  /** Copies beyond the first of each message. */
  readonly duplicates: number;
  /** What the daemon counted of them. */
  readonly duplicatesPossible: number;
  readonly outOfOrder: number;
  /** Messages that nobody sent, or not so. */
  readonly invented: number;
  /** From the fault to the first message in the backup. */
  readonly switchS?: number;
  /** From the healing to the first message in Kafka that was written after it. */
  readonly returnS?: number;
  /** The most that `returnS` may be; default: RETURN_LIMIT_S of judge.ts. */
  readonly returnLimitS?: number;
  /** The longest time in which the operating system did not take a client's write. */
  readonly longestWaitMs?: number;
  /** The most that `longestWaitMs` may be; default: the time to switch, where there is one. */
  readonly waitLimitMs?: number;
  /** Peak of the daemon's resident set. */
  readonly peakMb?: number;
  /** Its MAXMEMORY. */
  readonly maxMemoryMb?: number;
  /** The daemon's open descriptors before the fault and after the healing. */
  readonly descriptors?: { readonly before: number; readonly after: number };
  /** What the case itself found wrong; what follows from the figures and the case's invariants is added by judge.ts. */
  readonly violations: readonly string[];
  /** Why the machine does not allow the case; the figures are then zeros. */
  readonly skipped?: string;
  /** For people: what else was measured, or how the fault was caused. */
  readonly note?: string;
}

export interface FaultCase {
  /** Unique, in kebab-case: its name on the command line. */
  readonly name: string;
  /** Its row in docs/RELIABILITY.md; several cases may share one. */
  readonly number: number;
  readonly title: string;
  /** Whether it takes a few seconds only, so that `npm test` can run it. */
  readonly quick: boolean;
  readonly invariants: readonly Invariant[];
  /** After so long it is killed, with all processes it started, and has failed. */
  readonly limitS: number;
  readonly run: (context: FaultContext) => Promise<FaultResult>;
}

/** A result of which nothing is wrong yet. */
export const emptyResult = (): FaultResult => ({
  sent: 0,
  lost: 0,
  allowedLost: 0,
  duplicates: 0,
  duplicatesPossible: 0,
  outOfOrder: 0,
  invented: 0,
  violations: [],
});

/** The result of a case that the machine does not allow, and why. */
export const skippedBecause = (skipped: string): FaultResult => ({ ...emptyResult(), skipped });
