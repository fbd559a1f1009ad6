import type { RatedRow } from '../../../control/status/snapshot';
import { plain, type Colours } from '../../screen/colours';
import { spanText } from '../../screen/figures';
import { lineOf } from '../../screen/line';
import { bucketLines } from '../../status/buckets';
import { headLines, type Look } from '../../status/head';
import { logText } from '../../status/logLines';
import { streamLines } from '../../status/streams';
import { countText } from '../../texts';
import type { Measure, Model } from './model';
import { sorted } from './sorts';

/** From so many rows on there are lines between the parts, and lesser things are shown as well. */
const ROOMY = 20;

const rowsOf = ({ document, filter, sort }: Model): readonly RatedRow[] => {
  const part = filter.toLowerCase();
  // What comes next is asked for with the filter; what is here was not.
  const rows = (document?.buckets.rows ?? []).filter(({ bucket }) => bucket.toLowerCase().includes(part));
  return sorted(rows, sort);
};

const awayLines = ({ away, document, nowMs }: Model, { width, colours: { bad } }: Look): readonly string[] => {
  if (!away) return document ? [] : ['waiting for the daemon …'];
  const before = document ? ' What is below it said before.' : '';
  const text = `no daemon for ${spanText(nowMs - away.sinceMs)}: ${away.problem}.${before}`;
  return [lineOf([{ text, paint: bad }], width)];
};

/** At most `most` lines; the last one says how many more there are. */
const capped = (lines: readonly string[], most: number, width: number): readonly string[] =>
  lines.length <= most
    ? lines
    : [...lines.slice(0, most - 1), lineOf([`… ${lines.length - most + 1} more lines`], width)];

interface Parts {
  readonly above: readonly string[];
  readonly below: readonly string[];
  /** Rows of buckets that there is room for, below their titles. */
  readonly page: number;
}

/** What stands above and below the rows of buckets. */
const partsOf = (model: Model, colours: Colours): Parts => {
  const { document, rates, size } = model;
  const look: Look = { width: size.columns, colours };
  const isRoomy = size.rows >= ROOMY;
  const gap = isRoomy ? [''] : [];
  const head = document ? headLines(document, rates, look) : [];
  const shownHead = [...awayLines(model, look), ...(isRoomy ? head : head.slice(0, 1))];
  const [log] = document?.lines ?? [];
  const last =
    isRoomy && log && document
      ? [
          lineOf(
            [
              {
                text: logText(log, document.daemon.nowMs),
                paint: log.level === 'warn' ? colours.doubtful : colours.bad,
              },
            ],
            look.width,
          ),
        ]
      : [];
  // Below: the last warning, and the line of keys. Of the rest the streams have half at most.
  const room = size.rows - shownHead.length - last.length - 1;
  const streams = capped(streamPart(model, look), Math.max(1, Math.floor(room / 2) - 2 * gap.length), look.width);
  const above = [...shownHead, ...gap, ...streams, ...gap];
  const titles = 1;
  return { above, below: last, page: Math.max(0, size.rows - above.length - titles - last.length - 1) };
};

const streamPart = ({ document, rates }: Model, look: Look): readonly string[] => {
  if (!document) return [];
  const { strong, bad, faint } = look.colours;
  const { titles, streams } = streamLines(document, rates, { ...look, isFull: false });
  return [
    strong(titles),
    ...streams.flatMap(({ row, remarks }) => [
      row,
      ...remarks.map(({ text, isBad }) => lineOf(['  ', { text, paint: isBad ? bad : faint }], look.width)),
    ]),
  ];
};

const placeText = (model: Model, page: number): string => {
  const { document, filter, first } = model;
  const { length } = rowsOf(model);
  const { matching = 0, rows = [] } = document?.buckets ?? {};
  const of = matching > rows.length ? `${countText(length)}, the busiest of ${countText(matching)}` : countText(length);
  const place =
    length === 0 ? 'no buckets' : `${countText(first + 1)}–${countText(Math.min(length, first + page))} of ${of}`;
  return filter === '' ? place : `${place} with ${filter}`;
};

const keysLine = (model: Model, page: number, { width, colours: { reversed } }: Look): string => {
  const { isTyping, filter, sort } = model;
  if (isTyping) return lineOf([`buckets with: ${filter}▏`], width);
  const keys = ` q quit  / filter  s sort: ${sort}  ↑↓ ${placeText(model, page)} `;
  return lineOf([{ text: keys, paint: reversed }], width);
};

/** How much of the table of buckets the screen has room for. */
export const measure: Measure = (model) => ({ total: rowsOf(model).length, page: partsOf(model, plain).page });

/** The lines of the screen: as many as it has rows at most, each as wide as it at most. */
export const view = (model: Model, colours: Colours): readonly string[] => {
  const { size, first } = model;
  const look: Look = { width: size.columns, colours };
  const { above, below, page } = partsOf(model, colours);
  const [titles = '', ...rows] = bucketLines(rowsOf(model).slice(first, first + page), { ...look, withRates: true });
  const blank = Array.from({ length: page - rows.length }, () => '');
  const lines = [...above, colours.strong(titles), ...rows, ...blank, ...below].slice(0, size.rows - 1);
  return [...lines, keysLine(model, page, look)];
};
