import { printable } from '../printable';
import { fit, widthOf } from './width';

export interface Cell {
  readonly text: string;
  readonly paint?: ((text: string) => string) | undefined;
}

export interface Column<Row> {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** Where there is no room for all it gives way, down to so many columns of the terminal. */
  readonly least?: number;
  readonly cell: (row: Row) => Cell;
}

const GAP = 2;

interface Laid {
  readonly least: number;
  width: number;
}

const excessOf = (laid: readonly Laid[], width: number): number =>
  laid.reduce((total, column) => total + column.width + GAP, -GAP) - width;

/** The widest of those that may give way does, until all fit or none may. */
const narrow = (laid: readonly Laid[], width: number): void => {
  for (let excess = excessOf(laid, width); excess > 0 && excess < Infinity; excess -= 1) {
    const [widest] = laid.filter((column) => column.width > column.least).sort((one, other) => other.width - one.width);
    if (!widest) return;
    widest.width -= 1;
  }
};

/** How wide each column is: as its widest cell. Where they do not fit, the last columns are left out. */
const widthsOf = <Row>(
  columns: readonly Column<Row>[],
  cells: readonly (readonly Cell[])[],
  width: number,
): readonly number[] => {
  const all = columns.map(({ least = Infinity }, n): Laid => {
    const wide = cells.reduce((most, row) => Math.max(most, widthOf(row[n]?.text ?? '')), 0);
    return { width: wide, least: Math.min(least, wide) };
  });
  for (let kept = columns.length; ; kept -= 1) {
    const laid = all.slice(0, kept).map((column) => ({ ...column }));
    narrow(laid, width);
    if (excessOf(laid, width) <= 0 || kept <= 1) return laid.map((column) => Math.min(column.width, width));
  }
};

/**
 * The lines of a table, its titles first, each at most `width` columns of the terminal. No text in it moves the cursor.
 */
export const tableLines = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  width: number,
): readonly string[] => {
  const cells: readonly (readonly Cell[])[] = [
    columns.map(({ title }) => ({ text: title })),
    ...rows.map((row) =>
      columns.map(({ cell }) => {
        const { text, paint } = cell(row);
        return { text: printable(text), paint };
      }),
    ),
  ];
  const widths = widthsOf(columns, cells, width);
  return cells.map((line) =>
    widths
      .map((wide, n) => {
        const { text, paint }: Cell = line[n] ?? { text: '' };
        const shown = fit(text, wide, columns[n]?.align);
        return paint ? paint(shown) : shown;
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
};
