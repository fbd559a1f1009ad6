import { shortCount } from '../screen/figures';
import type { Column } from '../screen/table';

/** The title of the column of rates, which is left out where there are none. */
export const RATE = 'RATE';

/** A column of numbers; those above 0 are painted. */
export const counted = <Row>(
  title: string,
  countOf: (row: Row) => number,
  paint?: (text: string) => string,
): Column<Row> => ({
  ...{ title, align: 'right' },
  cell: (row) => ({ text: shortCount(countOf(row)), paint: countOf(row) > 0 ? paint : undefined }),
});
