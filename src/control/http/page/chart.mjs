/** The rates as lines: what is received, and what each stream has delivered. */
import { element, setText, showItems } from './dom.mjs';
import { rate } from './format.mjs';

const MOST_SERIES = 6;
/** The time that is shown grows with what there is. */
const WINDOW_S = [60, 300];

/** A colour of the theme, as a canvas takes it. */
const colour = (name) => {
  const probe = element('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};
const clockOf = (seconds) => new Date(seconds * 1000).toLocaleTimeString(undefined, { hour12: false });

const valueAt = (point, index, id) =>
  point.rates === undefined ? null : index === 0 ? point.rates.received : (point.rates.delivered.get(id) ?? null);

/** Draws into `parent`; names and latest values go to `legend`. */
export const createChart = (parent, legend) => {
  let plot;
  let names = [];

  const draw = (data) => {
    plot?.destroy();
    const line = colour('--line');
    const axis = { stroke: colour('--muted'), grid: { stroke: line, width: 1 }, ticks: { show: false } };
    plot = new uPlot(
      {
        width: parent.clientWidth,
        height: parent.clientHeight,
        padding: [8, 4, 0, 0],
        cursor: { show: false },
        legend: { show: false },
        scales: {
          x: { range: (_plot, min, max) => [max - Math.min(WINDOW_S[1], Math.max(WINDOW_S[0], max - min)), max] },
          y: { range: (_plot, _min, max) => [0, Math.max(10, max * 1.15)] },
        },
        axes: [
          { ...axis, grid: { show: false }, size: 30, space: 90, values: (_plot, seconds) => seconds.map(clockOf) },
          { ...axis, size: 52, values: (_plot, values) => values.map(rate) },
        ],
        series: [
          {},
          ...names.map((name, index) => ({
            label: name,
            stroke: colour(`--series-${index}`),
            fill: index === 0 ? colour('--fill') : undefined,
            width: index === 0 ? 1.5 : 2,
            points: { show: false },
            spanGaps: false,
          })),
        ],
      },
      data,
      parent,
    );
  };

  const dataOf = (points) => [
    points.map(({ seconds }) => seconds),
    ...names.map((name, index) => points.map((point) => valueAt(point, index, name))),
  ];

  let shown = [];
  new ResizeObserver(() => plot?.setSize({ width: parent.clientWidth, height: parent.clientHeight })).observe(parent);

  return {
    /** Other colours. */
    repaint: () => {
      if (plot) draw(dataOf(shown));
    },
    show(points, streams) {
      const wanted = ['received', ...streams.map(({ id }) => id).slice(0, MOST_SERIES - 1)];
      const isOther = wanted.join('\n') !== names.join('\n');
      names = wanted;
      shown = points;
      if (plot === undefined || isOther) draw(dataOf(points));
      else plot.setData(dataOf(points));
      const latest = points.at(-1);
      showItems(
        legend,
        names.map((name, index) => ({ name, index })),
        ({ name, index }) => `${index} ${name}`,
        ({ name, index }) => {
          const item = element('li');
          const swatch = element('span', '', 'swatch');
          swatch.style.background = `var(--series-${index})`;
          item.append(swatch, element('span', index === 0 ? 'received' : `to ${name}`), element('b'));
          return item;
        },
        (item, { name, index }) => setText(item.lastChild, rate(latest ? valueAt(latest, index, name) : null)),
      );
    },
  };
};
