/** Buckets, discarded messages, and lines of the log. */
import { byId, element, setText, setTone, showItems } from './dom.mjs';
import { ago, clock, count, day, rate, whole } from './format.mjs';

/** A cell says what it is by itself, for where there is no room for headings beside each other. */
const cell = ([label, className]) => {
  const made = element('td', '', className);
  made.dataset.label = label;
  made.setAttribute('role', 'cell');
  return made;
};

/** A row: a heading with a second line, and cells. */
const row = (cells) => {
  const made = element('tr');
  made.setAttribute('role', 'row');
  const heading = element('th');
  heading.scope = 'row';
  heading.setAttribute('role', 'rowheader');
  heading.append(element('b'), element('span', '', 'muted small'));
  made.append(heading, ...cells.map(cell));
  return made;
};

const setHeading = (made, name, below) => {
  setText(made.firstChild.firstChild, name);
  setText(made.firstChild.lastChild, below);
};

const setCount = (target, value, tone) => {
  setText(target, count(value));
  target.title = whole(value);
  target.classList.toggle('zero', value === 0);
  setTone(target, value > 0 ? tone : undefined);
};

const sumOf = (counts) => Object.values(counts).reduce((sum, one) => sum + one, 0);

const BUCKET_CELLS = ['a second', 'received', 'delivered', 'in backup', 'held', 'dropped'].map((label) => [
  label,
  'number',
]);

export const showBuckets = ({ matching, rows }, filter) => {
  showItems(
    byId('buckets').tBodies[0],
    rows,
    ({ bucket, stream }) => JSON.stringify([bucket, stream]),
    () => row(BUCKET_CELLS),
    (made, item) => {
      setHeading(made, item.bucket, `to ${item.stream}`);
      const [, perSecond, received, delivered, backedUp, held, dropped] = made.children;
      setText(perSecond, rate(item.perSecond));
      perSecond.classList.toggle('zero', !item.perSecond);
      setCount(received, item.received);
      setCount(delivered, item.delivered);
      setCount(backedUp, item.backedUp, 'warn');
      setCount(held, item.held);
      setCount(dropped, sumOf(item.dropped), 'bad');
    },
  );
  byId('buckets').hidden = rows.length === 0;
  const none = filter === '' ? 'Nothing has been received yet.' : 'No bucket of such a name has received anything.';
  const some =
    matching > rows.length ? `The ${rows.length} busiest of ${whole(matching)} rows; filter to see others.` : '';
  setText(byId('buckets-text'), rows.length === 0 ? none : some);
};

const WHY = {
  malformed: 'no well-formed frame',
  too_large: 'frame larger than MAX_FRAME',
  truncated: 'connection ended within a frame',
  not_frames: 'no frames at all',
  no_such_bucket: 'no such bucket',
  memory_full: 'memory was full',
  poison: 'no sink takes it',
  unavailable: 'no sink took it in time',
  gave_up: 'no sink took it before the end',
  unexpected: 'unexpected failure, see the log',
};

const showTime = (target, ms, nowMs) => {
  setText(target, ago(ms, nowMs));
  target.title = day(ms);
};

const DISCARD_CELLS = [
  ['reason', ''],
  ['messages', 'number'],
  ['first', ''],
  ['last', ''],
  ['begins with', ''],
];

export const showDiscards = (discards, nowMs) => {
  showItems(
    byId('discards').tBodies[0],
    discards,
    ({ bucket, stream, reason }) => JSON.stringify([bucket, stream, reason]),
    () => {
      const made = row(DISCARD_CELLS);
      made.lastChild.append(element('code'));
      return made;
    },
    (made, { bucket, stream, reason, count: messages, firstMs, lastMs, prefix = '' }) => {
      setHeading(made, bucket, stream === '(none)' ? '' : `to ${stream}`);
      const [, why, number, first, last, begins] = made.children;
      setText(why, WHY[reason] ?? reason);
      why.title = reason;
      setCount(number, messages, 'bad');
      showTime(first, firstMs, nowMs);
      showTime(last, lastMs, nowMs);
      setText(begins.firstChild, prefix);
    },
  );
  byId('discards').hidden = discards.length === 0;
  setText(byId('discards-text'), discards.length === 0 ? 'Nothing has been discarded.' : '');
};

const TONES = { warn: 'warn', error: 'bad', fatal: 'bad' };

const detailsOf = (fields) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' · ');

/** Lines that say the same one after the other, as one. */
const runsOf = (lines) => {
  const runs = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.message === line.message && last.level === line.level) last.times += 1;
    else runs.push({ ...line, times: 1 });
  }
  return runs;
};

export const showLines = (lines) => {
  showItems(
    byId('lines'),
    runsOf(lines),
    ({ number, atMs }) => `${number} ${atMs}`,
    ({ atMs, level, message, fields }) => {
      const item = element('li');
      const head = element('p');
      const pill = element('span', level, 'pill');
      setTone(pill, TONES[level]);
      const time = element('time', clock(atMs), 'muted small');
      time.dateTime = new Date(atMs).toISOString();
      time.title = day(atMs);
      head.append(pill, `${message} `, time, element('b', '', 'small'));
      item.append(head, element('p', detailsOf(fields), 'muted small'));
      return item;
    },
    (item, { times }) => setText(item.firstChild.lastChild, times > 1 ? ` × ${times}` : ''),
  );
  setText(byId('lines-text'), lines.length === 0 ? 'There were none.' : '');
};
