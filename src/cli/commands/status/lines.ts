import type { StatusDocument } from '../../../control/status/document';
import { wrapped } from '../../screen/line';
import { bucketLines } from '../../status/buckets';
import { headLines, type Look } from '../../status/head';
import { logText } from '../../status/logLines';
import { streamLines } from '../../status/streams';
import { countText } from '../../texts';
import type { StatusRequest } from './request';

/** Of the last warnings and errors so many are shown. */
const MOST_LINES = 5;

const streamsPart = (document: StatusDocument, look: Look): readonly string[] => {
  const { bad, strong } = look.colours;
  const { titles, streams } = streamLines(document, undefined, { ...look, isFull: true });
  return [
    strong(titles),
    ...streams.flatMap(({ row, remarks }) => [
      row,
      ...remarks.flatMap(({ text, isBad }) =>
        wrapped(text, look.width, { indent: '  ', ...(isBad && { paint: bad }) }),
      ),
    ]),
  ];
};

const bucketsPart = ({ buckets: { matching, rows } }: StatusDocument, look: Look): readonly string[] => {
  if (matching === 0) return ['no buckets'];
  const [titles = '', ...lines] = bucketLines(rows, { ...look, withRates: false });
  const more = `the busiest ${countText(rows.length)} of ${countText(matching)}: --buckets N shows more, --bucket TEXT some`;
  return [look.colours.strong(titles), ...lines, ...(matching > rows.length ? wrapped(more, look.width) : [])];
};

const logPart = ({ daemon, lines }: StatusDocument, look: Look): readonly string[] => {
  const { bad, doubtful, strong } = look.colours;
  if (lines.length === 0) return [];
  return [
    '',
    ...wrapped('LAST WARNINGS AND ERRORS', look.width, { paint: strong }),
    ...lines
      .slice(0, MOST_LINES)
      .flatMap((line) =>
        wrapped(logText(line, daemon.nowMs), look.width, { paint: line.level === 'warn' ? doubtful : bad }),
      ),
  ];
};

/** All that `kahets status` shows of a document. */
export const statusLines = (
  document: StatusDocument,
  { bucket }: Pick<StatusRequest, 'bucket'>,
  look: Look,
): readonly string[] => [
  ...headLines(document, undefined, look),
  '',
  ...streamsPart(document, look),
  '',
  ...(bucket === undefined ? [] : wrapped(`buckets whose name contains ${bucket}`, look.width)),
  ...bucketsPart(document, look),
  ...logPart(document, look),
];
