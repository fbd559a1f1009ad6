import type { RatedRow } from '../../control/status/snapshot';
import { rateText, shortCount } from '../screen/figures';
import { tableLines, type Column } from '../screen/table';
import type { Look } from './head';

const RATE = 'RATE';

export const droppedOf = ({ dropped }: RatedRow): number =>
  Object.values(dropped).reduce((total, count) => total + count, 0);

const columnsOf = ({ bad, doubtful }: Look['colours']): readonly Column<RatedRow>[] => {
  const counted = (
    title: string,
    countOf: (row: RatedRow) => number,
    paint?: (text: string) => string,
  ): Column<RatedRow> => ({
    ...{ title, align: 'right' },
    cell: (row) => ({ text: shortCount(countOf(row)), paint: countOf(row) > 0 ? paint : undefined }),
  });
  return [
    { title: 'BUCKET', least: 10, cell: ({ bucket }) => ({ text: bucket }) },
    { title: 'STREAM', least: 8, cell: ({ stream }) => ({ text: stream }) },
    {
      title: RATE,
      align: 'right',
      cell: ({ perSecond }) => ({ text: perSecond === undefined ? '–' : rateText(perSecond) }),
    },
    counted('RECEIVED', ({ received }) => received),
    counted('DELIVERED', ({ delivered }) => delivered),
    counted('BACKUP', ({ backedUp }) => backedUp, doubtful),
    counted('DROPPED', droppedOf, bad),
    counted('DEAD', ({ deadLettered }) => deadLettered, doubtful),
    counted('HELD', ({ held }) => held),
  ];
};

/** The table of buckets, its titles first. */
export const bucketLines = (
  rows: readonly RatedRow[],
  { width, colours, withRates }: Look & { readonly withRates: boolean },
): readonly string[] =>
  tableLines(
    columnsOf(colours).filter(({ title }) => withRates || title !== RATE),
    rows,
    width,
  );
