/**
 * `npm run bench:profile -- SHAPE… [--dist FOLDER,FOLDER]`: what the time of a daemon goes into while it takes a shape of the bench, warm-up
 * included, by parts of the program. Each folder is a build (`dist`); several are compared side by side.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from '../spec/support/kafka';
import { expectKnown, runCommand } from './command';
import { profiled } from './kahets';
import { machine } from './machine';
import { markdownTable } from './page';
import { measureOnce } from './places';
import type { Shape } from './shape';
import { SHAPES } from './shapes';
import { asSubject } from './subject';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
  }[];
  /** Ids of nodes, and the microseconds up to each of them. */
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Parts of less than this are told together. */
const LEAST_PERCENT = 1;

const partOf = (functionName: string, url: string): string => {
  const [, ours] = /\/dist\/(.*)\/[^/]+$/.exec(url) ?? [];
  const [, packaged] = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
  if (packaged !== undefined) return packaged;
  if (ours !== undefined) return `src/${ours}`;
  if (url.startsWith('node:')) return 'Node’s own modules';
  if (functionName === '(garbage collector)') return 'garbage collection';
  return functionName === '(program)' ? 'kernel, V8 and native code' : 'built-in functions';
};

/** Percents of the time in which the thread was not idle. */
const partsOf = ({ nodes, samples, timeDeltas }: Profile): ReadonlyMap<string, number> => {
  const byId = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const micros = new Map<string, number>();
  samples.forEach((id, index) => {
    const { functionName, url } = byId.get(id) ?? { functionName: '', url: '' };
    if (functionName === '(idle)') return;
    const part = partOf(functionName, url);
    micros.set(part, (micros.get(part) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const all = [...micros.values()].reduce((sum, each) => sum + each, 0);
  return new Map([...micros].map(([part, each]) => [part, (100 * each) / all]));
};

const profile = (shape: Shape, brokers: string, dist: string): Promise<ReadonlyMap<string, number>> =>
  measureOnce(shape, brokers, async (run) => {
    const profiles = path.join(run.folder, 'profiles');
    await asSubject(profiled(dist, profiles)).measure(run);
    const [file = ''] = readdirSync(profiles);
    return partsOf(JSON.parse(readFileSync(path.join(profiles, file), 'utf8')) as Profile);
  });

const tableOf = (shape: Shape, dists: readonly string[], found: readonly ReadonlyMap<string, number>[]): string => {
  const percent = (parts: ReadonlyMap<string, number>, part: string): number => parts.get(part) ?? 0;
  const most = (part: string): number => Math.max(...found.map((parts) => percent(parts, part)));
  const parts = [...new Set(found.flatMap((each) => [...each.keys()]))].sort((one, other) => most(other) - most(one));
  const rows = parts
    .filter((part) => most(part) >= LEAST_PERCENT)
    .map((part) => [part, ...found.map((each) => percent(each, part).toFixed(1))]);
  return `${shape.name}, percent of the time of the loop\n\n${markdownTable(['', ...dists], rows)}`;
};

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { dist: { type: 'string', default: 'dist' } },
  });
  expectKnown(
    positionals,
    SHAPES.map(({ name }) => name),
  );
  const dists = values.dist.split(',');
  const broker = await startBroker({ heap: '1g' });
  try {
    console.log(machine());
    for (const shape of SHAPES.filter(({ name }) => positionals.includes(name))) {
      const found: ReadonlyMap<string, number>[] = [];
      for (const dist of dists) found.push(await profile(shape, broker.address, dist));
      console.log(`\n${tableOf(shape, dists, found)}`);
    }
  } finally {
    await broker.remove();
  }
};

runCommand(main);
