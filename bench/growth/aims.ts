/** Figures that have an aim but are no cost a message: how late the loop is, the start, idleness, the size of what is installed. */
import { firstLineOf } from '../command';
import { measuredOn } from '../machine';
import { markdownTable, type Section } from '../page';
import { align } from '../table';
import type { Figure } from './figure';
import type { Place } from './growth';
import { idleCpu } from './idle';
import { installedMegabytes } from './install';
import { loopDelay } from './loopDelay';
import { startUp } from './startUp';

export const AIMS = 'aims';

interface Aim {
  readonly title: string;
  readonly unit: string;
  readonly most: number;
  readonly measure: (place: Place, runs: number) => Promise<Figure>;
}

const ALL: readonly Aim[] = [
  { title: 'Start to `listening`', unit: 'ms', most: 400, measure: startUp },
  { title: 'CPU of an idle daemon', unit: '%', most: 0.2, measure: idleCpu },
  { title: 'Event-loop delay, p99, at half of the greatest rate', unit: 'ms', most: 20, measure: loopDelay },
  { title: 'Installed, with all packages', unit: 'MB', most: 40, measure: installedMegabytes },
];

const HEADS = ['', 'found', 'aim', '', 'of it'];

const measureRow = async (aim: Aim, place: Place, runs: number): Promise<readonly string[]> => {
  const { title, unit, most } = aim;
  const wanted = `≤ ${most} ${unit}`;
  try {
    const { value, note } = await aim.measure(place, runs);
    const found = `${value.toFixed(value < 10 ? 2 : 0)} ${unit}`;
    return [title, found, wanted, value <= most ? 'met' : 'missed', note];
  } catch (error) {
    return [title, '–', wanted, 'failed', firstLineOf(error)];
  }
};

/** Measures and prints them all, one after the other; none keeps the others from being measured. */
export const measureAims = async (place: Place, runs: number): Promise<Section> => {
  const rows: (readonly string[])[] = [];
  for (const aim of ALL) rows.push(await measureRow(aim, place, runs));
  console.log(`\n${align([HEADS, ...rows])}`);
  return {
    id: AIMS,
    markdown: () =>
      [
        '## Other aims',
        measuredOn(`npm run bench:growth -- ${AIMS} --runs ${runs} --write`),
        markdownTable(HEADS, rows),
      ].join('\n\n'),
  };
};
