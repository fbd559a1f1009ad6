import type { LedgerRow } from '../../src/model';

/** Messages that a row of the ledger speaks for: as many as were received and recovered. */
export const spokenRow = ({ delivered, backedUp, deadLettered, dropped, sampledOut, held }: LedgerRow): number =>
  Object.values(dropped).reduce((sum, count) => sum + count, delivered + backedUp + deadLettered + sampledOut + held);

/** The rows of a line of the log; none where the line has no ledger. */
export const rowsIn = (line: Readonly<Record<string, unknown>> | undefined): readonly LedgerRow[] =>
  (line?.['ledger'] ?? []) as readonly LedgerRow[];
