/** A growth as a picture, readable on light and on dark paper. */
import { init } from 'echarts';
import type { Growth } from './growth';
import type { Series } from './series';

const WIDTH = 720;
const HEIGHT = 360;
const TEXT = '#808080';
const GRID = '#80808040';
const FONT = 'sans-serif';
const COLORS = ['#3b82c4', '#d9822b'];

const axisStyle = {
  nameTextStyle: { color: TEXT },
  axisLabel: { color: TEXT },
  axisLine: { lineStyle: { color: TEXT } },
  splitLine: { lineStyle: { color: GRID } },
};

/** From the power of ten below the smallest to that above the largest, a decade at least. */
const decades = (values: readonly number[]): { readonly min: number; readonly max: number } => {
  const min = 10 ** Math.floor(Math.log10(Math.min(...values)));
  return { min, max: Math.max(10 * min, 10 ** Math.ceil(Math.log10(Math.max(...values)))) };
};

/** The SVG of the CPU a message (and, where that is what is to stay, a byte) at each step. */
export const plot = ({ title, unit, even = false }: Growth, series: readonly Series[]): string => {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: WIDTH, height: HEIGHT });
  const values = series.flatMap(({ points }) => points.map(({ y }) => y));
  chart.setOption({
    animation: false,
    color: COLORS,
    textStyle: { fontFamily: FONT },
    title: { text: title, left: 'center', textStyle: { color: TEXT, fontSize: 15, fontFamily: FONT } },
    legend: { top: 28, textStyle: { color: TEXT } },
    grid: { left: 64, right: 32, top: 64, bottom: 56 },
    xAxis: {
      ...axisStyle,
      type: even ? 'value' : 'log',
      name: unit,
      nameLocation: 'middle',
      nameGap: 32,
      ...(even ? {} : decades(series.flatMap(({ points }) => points.map(({ x }) => x)))),
    },
    yAxis: { ...axisStyle, type: 'log', ...decades(values) },
    series: series.map(({ name, points }) => ({
      type: 'line',
      name,
      data: points.map(({ x, y }) => [x, y]),
      symbolSize: 7,
      label: { show: true, color: TEXT, formatter: ({ data }: { data: [number, number] }) => data[1].toPrecision(2) },
    })),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return `${svg}\n`;
};
