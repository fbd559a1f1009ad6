/** The status page: listens to `events` and shows each document that comes. */
import { createChart } from './chart.mjs';
import { byId, element, setText, setTone, showItems } from './dom.mjs';
import { ago, bytes, count, rate, span, whole } from './format.mjs';
import { createHistory } from './history.mjs';
import { showStreams } from './streams.mjs';
import { showBuckets, showDiscards, showLines } from './tables.mjs';
import { setUpTheme } from './theme.mjs';

/** Events come every second. */
const SILENCE_MS = 6_000;
const RETRY_MS = 2_000;
const TYPING_MS = 250;

const history = createHistory();
const chart = createChart(byId('chart'), byId('legend'));
setUpTheme(byId('theme'), chart.repaint);

const sum = (streams, name) => streams.reduce((all, { totals }) => all + totals[name], 0);
const sumOfRates = (rates, name) =>
  rates ? [...rates[name].values()].reduce((all, one) => all + (one ?? 0), 0) : undefined;

const figuresOf = ({ received, refused, streams, memory, connections }, rates) => {
  const backedUp = sum(streams, 'backedUp');
  const dropped = sum(streams, 'dropped') + refused;
  const files = streams.reduce((all, { backup, spool }) => all + (backup?.waiting.files ?? 0) + spool.files, 0);
  return [
    { name: 'Received a second', value: rate(rates?.received), note: `${count(received)} in all` },
    {
      name: 'Delivered a second',
      value: rate(sumOfRates(rates, 'delivered')),
      note: `${count(sum(streams, 'delivered'))} on all streams`,
    },
    {
      name: 'Waiting',
      value: count(sum(streams, 'held')),
      note: `${bytes(memory.heldBytes)} held`,
      tone: memory.full ? 'bad' : undefined,
    },
    {
      name: 'In backups',
      value: count(backedUp),
      note: files > 0 ? `${whole(files)} closed ${files === 1 ? 'file waits' : 'files wait'}` : 'no closed file waits',
      tone: backedUp > 0 ? 'warn' : undefined,
    },
    {
      name: 'Dropped',
      value: count(dropped),
      note: rates ? `${rate(sumOfRates(rates, 'dropped') + rates.refused)} a second` : '',
      tone: dropped > 0 ? 'bad' : undefined,
    },
    { name: 'Connections', value: count(connections), note: 'open now' },
  ];
};

const showFigures = (figures) =>
  showItems(
    byId('figures'),
    figures,
    ({ name }) => name,
    ({ name }) => {
      const group = element('div');
      group.append(element('dt', name), element('dd'), element('dd', '', 'note'));
      return group;
    },
    (group, { value, note, tone }) => {
      setText(group.children[1], value);
      setText(group.children[2], note);
      setTone(group, tone);
    },
  );

const showSocket = ({ daemon, connections, memory }, rates) => {
  const facts = [
    ['Path', daemon.socket],
    ['Connections', whole(connections)],
    ['Received', `${rate(rates?.received)} a second`],
    ['Process', `${bytes(memory.residentBytes)} of ${bytes(memory.maxBytes)}`],
  ];
  showItems(
    byId('socket'),
    facts,
    ([name]) => name,
    ([name]) => {
      const group = element('div');
      group.append(element('dt', name), element('dd'));
      return group;
    },
    (group, [, value]) => setText(group.lastChild, value),
  );
  const meter = byId('held');
  meter.max = memory.highBytes;
  meter.high = memory.highBytes * 0.9;
  meter.optimum = 0;
  meter.value = memory.heldBytes;
  setText(
    byId('held-text'),
    `${bytes(memory.heldBytes)} of ${bytes(memory.highBytes)}${memory.full ? ': clients wait' : ''}`,
  );
};

/** What became of the last reload of the configuration, and how many there were. */
const showReloads = ({ succeeded, failed, last }, nowMs) => {
  const target = byId('reloads');
  target.hidden = last === undefined;
  if (last === undefined) return;
  const latest = last.succeeded ? 'configuration reloaded' : '▲ configuration not reloaded, the log says why:';
  setText(target, `${latest} ${ago(last.atMs, nowMs)} · ${whole(succeeded)} succeeded, ${whole(failed)} failed`);
  setTone(target, last.succeeded ? undefined : 'bad');
};

const showDaemon = ({ version, pid, hostname, startedMs, nowMs, phase, ready, reloads }) => {
  setText(byId('hostname'), hostname);
  document.title = `kahets · ${hostname}`;
  setText(byId('about'), `version ${version} · up ${span(nowMs - startedMs)} · process ${pid}`);
  setText(byId('phase'), ready ? '● ready' : phase === 'listening' ? '▲ memory full' : `○ ${phase}`);
  setTone(byId('phase'), ready ? 'good' : phase === 'starting' ? 'calm' : 'warn');
  showReloads(reloads, nowMs);
};

let filter = '';
const show = (status) => {
  const rates = history.add(status);
  const { daemon, streams, buckets, discards, lines } = status;
  showDaemon(daemon);
  showFigures(figuresOf(status, rates));
  chart.show(history.points, streams);
  showSocket(status, rates);
  showBuckets(buckets, filter);
  showStreams(streams, rates, daemon.nowMs);
  showDiscards(discards, daemon.nowMs);
  showLines(lines);
};

let source;
let silence;
let retry;

const tell = (text) => {
  setText(byId('notice'), text);
  document.body.classList.toggle('stale', text !== '');
};
const lost = () => tell('Connection lost. What is shown is old; trying again…');

const listen = () => {
  source?.close();
  clearTimeout(retry);
  source = new EventSource(`events?bucket=${encodeURIComponent(filter)}`);
  const seen = (text) => (event) => {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
    tell(text);
    show(JSON.parse(event.data));
  };
  source.addEventListener('status', seen(''));
  source.addEventListener('stop', seen('The daemon stops: it delivers what it holds.'));
  source.addEventListener('error', () => {
    lost();
    clearTimeout(silence);
    // Where it was refused, and not just cut off, the browser does not try again.
    if (source.readyState === EventSource.CLOSED) retry = setTimeout(listen, RETRY_MS);
  });
};

let typing;
byId('filter').addEventListener('input', ({ target }) => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    filter = target.value.trim();
    listen();
  }, TYPING_MS);
});
listen();
