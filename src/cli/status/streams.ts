import type { StatusDocument, StreamStatus } from '../../control/status/document';
import type { Place } from '../../control/status/places';
import type { Waiting } from '../../control/status/watchSinks';
import { bytesText, rateText, shortCount, spanText } from '../screen/figures';
import { tableLines, type Column } from '../screen/table';
import { filesText, messagesText, shareText } from '../texts';
import { counted, RATE } from './columns';
import type { Look } from './head';
import type { Rates } from './rates';

/** What else is to be said of a stream: `bad` is what is wrong with it. */
export interface Remark {
  readonly text: string;
  readonly isBad: boolean;
}

export interface StreamLines {
  /** Its row of the table. */
  readonly row: string;
  readonly remarks: readonly Remark[];
}

const placeText = ({ type, to }: Place): string => to ?? type;

const waitingText = ({ files, bytes, oldestMs }: Waiting, nowMs: number): string => {
  const oldest = oldestMs === undefined ? '' : `, the oldest for ${spanText(nowMs - oldestMs)}`;
  return `${filesText(files)} (${bytesText(bytes)}) to be sent on${oldest}`;
};

const backupText = ({ backup }: StreamStatus, nowMs: number): string | undefined =>
  backup &&
  [
    `backup ${placeText(backup)}: ${messagesText(backup.messages)}`,
    ...(backup.waiting.files > 0 ? [waitingText(backup.waiting, nowMs)] : []),
    ...(backup.replays || backup.messages === 0 ? [] : ['not sent on by itself (backup.replay)']),
  ].join(', ');

const topicsText = ({ topics, topicsInTrouble }: StreamStatus): string => {
  const told = topics.map(({ bucket, cause }) => (cause === undefined ? bucket : `${bucket} (${cause})`)).join(', ');
  const more = topicsInTrouble > topics.length ? ` and ${shortCount(topicsInTrouble - topics.length)} more` : '';
  return `not taken: ${told}${more}`;
};

/** What is wrong, then what waits; `isFull`: and where it leads, though nothing is to be told of it. */
const remarksOf = (stream: StreamStatus, nowMs: number, isFull: boolean): readonly Remark[] => {
  const { cause, topicsInTrouble, spool, backup, slice } = stream;
  const backupSays = isFull || (backup?.messages ?? 0) + (backup?.waiting.files ?? 0) > 0;
  const place = slice === 1 ? placeText(stream) : `${placeText(stream)}, ${shareText(slice)} of the messages`;
  const bad = [cause, topicsInTrouble > 0 ? topicsText(stream) : undefined];
  const others = [
    isFull ? `to ${place}` : undefined,
    backupSays ? backupText(stream, nowMs) : undefined,
    spool.files > 0 ? `spool: ${waitingText(spool, nowMs)}` : undefined,
  ];
  return [...bad, ...others].flatMap((text, n) => (text === undefined ? [] : [{ text, isBad: n < bad.length }]));
};

const columnsOf = (
  nowMs: number,
  rates: Rates | undefined,
  { good, bad, doubtful }: Look['colours'],
): readonly Column<StreamStatus>[] => [
  { title: 'STREAM', least: 8, cell: ({ id }) => ({ text: id }) },
  {
    title: 'STATE',
    cell: ({ state, sinceMs }) => ({
      text: sinceMs === undefined ? state : `${state} ${spanText(nowMs - sinceMs)}`,
      paint: state === 'up' ? good : state === 'down' ? bad : doubtful,
    }),
  },
  { title: RATE, align: 'right', cell: ({ id }) => ({ text: rateText(rates?.delivered.get(id) ?? 0) }) },
  counted('DELIVERED', ({ totals }) => totals.delivered),
  counted('BACKUP', ({ totals }) => totals.backedUp, doubtful),
  counted('DROPPED', ({ totals }) => totals.dropped, bad),
  counted('DEAD', ({ totals }) => totals.deadLettered, doubtful),
  counted('HELD', ({ totals }) => totals.held),
];

/** The table of streams: its titles, and of each stream a row and what else there is to say. A rate is of what is delivered. */
export const streamLines = (
  { daemon: { nowMs }, streams }: StatusDocument,
  rates: Rates | undefined,
  { width, colours, isFull }: Look & { readonly isFull: boolean },
): { readonly titles: string; readonly streams: readonly StreamLines[] } => {
  const columns = columnsOf(nowMs, rates, colours).filter(({ title }) => rates !== undefined || title !== RATE);
  const [titles = '', ...rows] = tableLines(columns, streams, width);
  return {
    titles,
    streams: streams.map((stream, n) => ({ row: rows[n] ?? '', remarks: remarksOf(stream, nowMs, isFull) })),
  };
};
