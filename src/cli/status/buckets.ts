import type { RatedRow } from '../../control/status/snapshot';
import { droppedOf } from '../../control/status/totals';
import { rateText } from '../screen/figures';
import { tableLines, type Column } from '../screen/table';
import { counted, RATE } from './columns';
import type { Look } from './head';

const columnsOf = ({ bad, doubtful }: Look['colours']): readonly Column<RatedRow>[] => [
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
