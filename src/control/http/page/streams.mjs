/** Streams: where messages go, and how that is. */
import { byId, element, setText, setTone, showItems } from './dom.mjs';
import { ago, bytes, count, percent, rate, span, whole } from './format.mjs';

/** What a state is called, and how it looks; a sign, since colours alone say nothing to some. */
const STATES = {
  starting: ['○ starting', 'calm'],
  up: ['● up', 'good'],
  down: ['▲ down', 'bad'],
  open: ['▲ to the backup', 'warn'],
  half_open: ['◐ trying', 'warn'],
};

const placeOf = ({ type, to }) => to ?? type;

const waitingText = ({ files, bytes: size, oldestMs }, nowMs) => {
  if (files === 0) return '';
  const since = oldestMs === undefined ? '' : `, the oldest of ${ago(oldestMs, nowMs)}`;
  return `${whole(files)} ${files === 1 ? 'file waits' : 'files wait'} to be sent on (${bytes(size)}${since})`;
};

const backupText = ({ backup, spool }, nowMs) => {
  const parts = backup
    ? [
        waitingText(backup.waiting, nowMs),
        backup.replays || backup.messages === 0 ? '' : 'not sent on by itself (backup.replay)',
      ]
    : [];
  return [...parts, waitingText(spool, nowMs)].filter((text) => text !== '').join(' · ');
};

const causeText = ({ cause, topics, topicsInTrouble }) => {
  const inTrouble = topics.map(({ bucket, cause: why }) => (why ? `${bucket} (${why})` : bucket)).join(', ');
  const more = topicsInTrouble > topics.length ? ` and ${topicsInTrouble - topics.length} more` : '';
  return [cause ?? '', topicsInTrouble > 0 ? `Not taken: ${inTrouble}${more}` : ''].filter(Boolean).join(' · ');
};

const fact = (name) => {
  const group = element('div');
  group.append(element('dt', name), element('dd'));
  return group;
};

const make = () => {
  const card = element('article', '', 'card stream');
  const head = element('div', '', 'head');
  const names = element('div');
  names.append(element('h3'), element('p', '', 'muted small'));
  head.append(names, element('span', '', 'pill'));
  const facts = element('dl', '', 'facts');
  facts.append(fact('Delivered'), fact('State for'));
  const backup = element('div', '', 'backup small');
  backup.append(element('p'), element('b'));
  card.append(head, facts, element('p', '', 'cause small'), backup);
  return card;
};

const update = (card, stream, delivered, nowMs) => {
  const [head, facts, cause, backup] = card.children;
  const [names, pill] = head.children;
  setText(names.firstChild, stream.id);
  setText(names.lastChild, placeOf(stream) + (stream.slice < 1 ? `, ${percent(stream.slice)} of the messages` : ''));
  const [name, tone] = STATES[stream.state] ?? [stream.state, 'calm'];
  setText(pill, name);
  setTone(pill, tone);
  setText(facts.firstChild.lastChild, `${rate(delivered)} a second, ${count(stream.totals.delivered)} in all`);
  setText(facts.lastChild.lastChild, stream.sinceMs === undefined ? '–' : span(nowMs - stream.sinceMs));
  setText(cause, causeText(stream));
  cause.hidden = cause.textContent === '';
  const place = stream.backup ? `Backup: ${placeOf(stream.backup)}` : 'No backup: messages wait while it is down';
  setText(backup.firstChild, place);
  const messages = stream.totals.backedUp > 0 ? `${whole(stream.totals.backedUp)} messages in it` : '';
  setText(backup.lastChild, [messages, backupText(stream, nowMs)].filter(Boolean).join(' · '));
  setTone(backup, stream.totals.backedUp > 0 ? 'warn' : undefined);
};

export const showStreams = (streams, rates, nowMs) =>
  showItems(
    byId('streams'),
    streams,
    ({ id }) => id,
    make,
    (card, stream) => update(card, stream, rates?.delivered.get(stream.id), nowMs),
  );
