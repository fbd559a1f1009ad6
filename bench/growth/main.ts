/**
 * `npm run bench:growth [-- NAME… --runs N --scale N --write]`: what a message costs as something grows, what is unavoidable of it, and figures with an
 * aim. `--write`: also to docs/PERFORMANCE.md and docs/growth/. `--scale 0.1`: with a tenth of the messages, for a quick look.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { expectKnown, positive, runCommand } from '../command';
import { inTurn } from '../inTurn';
import { LIMIT, measureLimit } from '../limit/limit';
import { machine } from '../machine';
import { writeSections, type Section } from '../page';
import { AIMS, measureAims } from './aims';
import { backlog } from './backlog';
import { buckets } from './buckets';
import { withPlace, type Growth, type Place } from './growth';
import { KAFKA_GROWTHS } from './kafkaGrowths';
import { plot } from './plot';
import { growthSection, growthText, pictureOf, type Grown } from './report';
import { seriesOf, type Step } from './series';

const GROWTHS: readonly Growth[] = [...KAFKA_GROWTHS, buckets, backlog];
const GROWTH_NAMES = GROWTHS.map(({ name }) => name);
const NAMES = [...GROWTH_NAMES, LIMIT, AIMS];
const DOCS = path.resolve(__dirname, '../../docs');

const { values: options, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
    scale: { type: 'string', default: '1' },
  },
});

const wants = (name: string): boolean => asked.length === 0 || asked.includes(name);

const grow = async (growth: Growth, place: Place, runs: number): Promise<Grown> => {
  const measured = await inTurn(growth.points, runs, ({ run }) => run(place));
  return {
    growth,
    steps: measured.map(({ one: { x, label }, runs: costs, missing }): Step => ({
      ...{ x, costs, failed: missing },
      label: label ?? x.toLocaleString('en'),
    })),
  };
};

const writePicture = async ({ growth, steps }: Grown): Promise<void> => {
  const file = path.join(DOCS, pictureOf(growth));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, plot(growth, seriesOf(growth, steps)));
};

/** Measures, prints and, where it is asked for, draws; resolves with its section. */
const measureGrowth = async (growth: Growth, place: Place, runs: number): Promise<Section> => {
  const startedMs = performance.now();
  const grown = await grow(growth, place, runs);
  console.log(`${growthText(grown)}\n${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  if (options.write && grown.steps.some(({ costs }) => costs.length > 0)) await writePicture(grown);
  return { id: 'growth', markdown: (before) => growthSection(before, [grown], GROWTH_NAMES) };
};

const main = async (): Promise<void> => {
  expectKnown(asked, NAMES);
  const [runs, scale] = [positive('runs', options.runs), positive('scale', options.scale)];
  if (options.write && scale !== 1)
    throw new Error('a quick look does not go to the page: leave --scale or --write away');
  console.log(`${machine()}, median of ${runs}`);
  await withPlace(scale, async (place) => {
    const measures: Readonly<Record<string, () => Promise<Section>>> = {
      [AIMS]: () => measureAims(place, runs),
      [LIMIT]: () => measureLimit(place, runs),
      ...Object.fromEntries(GROWTHS.map((growth) => [growth.name, () => measureGrowth(growth, place, runs)])),
    };
    // Each is written when it has been measured, so that an end in between leaves what has been.
    for (const [, measure] of Object.entries(measures).filter(([name]) => wants(name))) {
      const section = await measure();
      if (options.write) await writeSections([section]);
    }
  });
};

runCommand(main);
