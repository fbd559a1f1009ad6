/** The ledger of the daemon's last line, and whether it adds up (I5). */
import type { LedgerRow } from '../../src/model';
import { rowsIn, spokenRow } from '../support/books';
import type { Ended } from '../support/daemon';

/** The rows that the daemon said when it ended, be it in order or not; none where it said nothing (SIGKILL). */
export const lastLedger = ({ lines }: Pick<Ended, 'lines'>): readonly LedgerRow[] =>
  rowsIn(lines.findLast((line) => Array.isArray(line['ledger'])));

const rowFault = (row: LedgerRow): readonly string[] => {
  const [came, went] = [row.received + row.recovered, spokenRow(row)];
  return went === came ? [] : [`I5: ${row.bucket} on ${row.stream}: ${came} came, ${went} are accounted for`];
};

/** Rows that do not add up. */
export const ledgerFaults = (rows: readonly LedgerRow[]): readonly string[] => rows.flatMap(rowFault);

/** What is wrong with how the daemon ended in order: its exit code, its last line, its ledger, what is still held. */
export const stopFaults = (ended: Ended): readonly string[] => {
  const rows = lastLedger(ended);
  const held = rows.reduce((sum, row) => sum + row.held, 0);
  return [
    ...(ended.code === 0 ? [] : [`the daemon ended with ${ended.code ?? ended.signal ?? 'nothing'}, not with 0`]),
    ...(ended.lines.at(-1)?.msg === 'stopped' ? [] : ['the last line of the log is not "stopped"']),
    ...(held === 0 ? [] : [`I5: ${held} messages are still held after the stop`]),
    ...ledgerFaults(rows),
  ];
};

/** The sum of a column over the rows that are meant; default: all. */
export const sumOf = (
  rows: readonly LedgerRow[],
  column: Exclude<keyof LedgerRow, 'bucket' | 'stream' | 'dropped'>,
  isMeant: (row: LedgerRow) => boolean = () => true,
): number => rows.filter(isMeant).reduce((sum, row) => sum + row[column], 0);

/** Messages dropped, for whatever reason. */
export const droppedIn = (rows: readonly LedgerRow[]): number =>
  rows.flatMap(({ dropped }) => Object.values(dropped)).reduce((sum, count) => sum + count, 0);
