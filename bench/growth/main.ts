/**
 * `npm run bench:growth [-- NAME… --runs N --scale N --write]`: what a message costs as something grows, what is unavoidable of it, and figures with an
 * aim. `--write`: also to docs/PERFORMANCE.md and docs/growth/. `--scale 0.1`: with a tenth of the messages, for a quick look.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { LIMIT, measureLimit } from '../limit/limit';
import { machine } from '../machine';
import { writeSections, type Section } from '../page';
import { AIMS, measureAims } from './aims';
import { backlog } from './backlog';
import { buckets } from './buckets';
import { withPlace, type Growth, type Place } from './growth';
import { KAFKA_GROWTHS } from './kafkaGrowths';
import type { Cost } from './measure';
import { plot } from './plot';
import { growthSection, growthText, pictureOf, type Grown } from './report';
import { seriesOf, type Step } from './series';

const GROWTHS: readonly Growth[] = [...KAFKA_GROWTHS, buckets, backlog];
const NAMES = [...GROWTHS.map(({ name }) => name), LIMIT, AIMS];
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

/** All steps in turn, again and again, so that what else the machine does falls on all of them. */
const grow = async (growth: Growth, place: Place, runs: number): Promise<Grown> => {
  const steps = growth.points.map((point) => ({ point, costs: [] as Cost[], failed: undefined as string | undefined }));
  for (let run = 0; run < runs; run += 1)
    for (const step of steps) {
      if (step.failed !== undefined) continue;
      try {
        step.costs.push(await step.point.run(place));
      } catch (error) {
        step.failed = `failed: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)}`;
      }
    }
  return {
    growth,
    steps: steps.map(({ point: { x, label }, costs, failed }): Step => ({
      ...{ x, costs, failed },
      label: label ?? x.toLocaleString('en'),
    })),
  };
};

const writePicture = async ({ growth, steps }: Grown): Promise<void> => {
  const file = path.join(DOCS, pictureOf(growth));
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(file, plot(growth, seriesOf(growth, steps)));
};

const main = async (): Promise<void> => {
  const unknown = asked.filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw new Error(`expected ${NAMES.join(', ')}, got ${unknown.join(', ')}`);
  const [runs, scale] = [Number(options.runs), Number(options.scale)];
  if (options.write && scale !== 1)
    throw new Error('a quick look does not go to the page: leave --scale or --write away');
  const sections: Section[] = [];
  console.log(`${machine()}, median of ${runs}`);
  await withPlace(scale, async (place) => {
    if (wants(AIMS)) sections.push(await measureAims(place, runs));
    if (wants(LIMIT)) sections.push(await measureLimit(place, runs));
    const grown: Grown[] = [];
    for (const growth of GROWTHS.filter(({ name }) => wants(name))) {
      const each = await grow(growth, place, runs);
      console.log(growthText(each));
      grown.push(each);
      if (options.write && each.steps.some(({ costs }) => costs.length > 0)) await writePicture(each);
    }
    if (grown.length > 0)
      sections.push({
        id: 'growth',
        markdown: (before) =>
          growthSection(
            before,
            grown,
            GROWTHS.map(({ name }) => name),
          ),
      });
  });
  if (options.write) await writeSections(sections);
};

// What was started ends with us: the handlers of 'exit' see to it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
void main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
