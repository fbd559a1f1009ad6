/** The examples, each as the package of its own that it is: beside what `npm pack` packs, type-checked and tested by its own `npm test`. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT } from '../support/endToEnd';
import { installInto, packInto } from '../support/npmPackage';

const EXAMPLES = path.join(ROOT, 'examples');
const MADE: ReadonlySet<string> = new Set(['node_modules', 'dist', 'data']);
const LIMIT_MS = 240_000;

interface Manifest {
  readonly version: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;

/** What an example needs beside the daemon's package, where that is not on every machine. */
const missing: Readonly<Record<string, () => string | undefined>> = {
  postgres: () => (existsSync('/usr/lib/postgresql') ? undefined : 'PostgreSQL is not installed'),
};

/** So that a runner which finds none of them is found out. */
const leastTests: Readonly<Record<string, number>> = { webhook: 80, postgres: 30, operators: 3 };

/** Links a package that is installed here, and its commands: no registry is asked for it once more. */
const link = (modules: string, name: string, wanted: string): void => {
  const from = path.join(ROOT, 'node_modules', name);
  const { version, bin = {} } = manifestOf(from);
  if (version !== wanted) throw new Error(`${name}: expected ${version}, as it is installed here, got ${wanted}`);
  const to = path.join(modules, name);
  if (existsSync(to)) return;
  mkdirSync(path.dirname(to), { recursive: true });
  symlinkSync(from, to);
  for (const [command, file] of Object.entries(typeof bin === 'string' ? { [path.basename(name)]: bin } : bin))
    symlinkSync(path.join('..', name, file), path.join(modules, '.bin', command));
};

/** A copy of an example, installed: `kahets` from the archive, all else as it is here. */
const installed = (work: string, archive: string, name: string): string => {
  const folder = path.join(work, name);
  cpSync(path.join(EXAMPLES, name), folder, { recursive: true, filter: (from) => !MADE.has(path.basename(from)) });
  installInto(folder, archive);
  const { dependencies, devDependencies } = manifestOf(folder);
  for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies }))
    if (dependency !== 'kahets') link(path.join(folder, 'node_modules'), dependency, version);
  return folder;
};

/** What a runner says at its end: Jest's `Tests: 2 skipped, 98 passed, 100 total`, Node's `# pass 4`. */
const counted = (output: string, jests: string, nodes: string): number =>
  Number(
    new RegExp(`^Tests:.*?(\\d+) ${jests}`, 'm').exec(output)?.[1] ??
      new RegExp(`^\\S ${nodes} (\\d+)$`, 'm').exec(output)?.[1] ??
      0,
  );

interface Tested {
  readonly code: number | string | null;
  readonly output: string;
}

const npmTest = (folder: string): Promise<Tested> =>
  new Promise((resolve) => {
    const { PATH = '', HOME = '', CI = '' } = process.env;
    const options = { cwd: folder, env: { PATH, HOME, CI }, timeout: LIMIT_MS };
    execFile('npm', ['test'], options, (error, stdout, stderr) =>
      resolve({ code: error ? (error.code ?? error.signal ?? null) : 0, output: `${stdout}${stderr}` }),
    );
  });

const NAMES = readdirSync(EXAMPLES).filter((name) => existsSync(path.join(EXAMPLES, name, 'package.json')));

describe('the examples', () => {
  const work = mkdtempSync(path.join(tmpdir(), 'kahets-examples-'));
  let archive = '';
  beforeAll(() => {
    archive = path.join(work, packInto(work).filename);
  });
  afterAll(() => rmSync(work, { recursive: true }));

  it('are there', () => expect(NAMES).toEqual(expect.arrayContaining(Object.keys(leastTests))));

  it('of sinks have the same test/runDaemon.ts', () => {
    const [one, other] = ['webhook', 'postgres'].map((name) =>
      readFileSync(path.join(EXAMPLES, name, 'test/runDaemon.ts'), 'utf8'),
    );
    expect(one).toBe(other);
  });

  describe.each(NAMES)('%s', (name) => {
    const why = missing[name]?.();
    if (why !== undefined && process.env['CI'] !== 'true') console.warn(`Left out: examples/${name}, since ${why}`);
    (why === undefined || process.env['CI'] === 'true' ? it : it.skip)(
      'is installed, compiles, and passes its tests',
      async () => {
        const { code, output } = await npmTest(installed(work, archive, name));
        if (code !== 0) throw new Error(output);
        expect([counted(output, 'failed', 'fail'), counted(output, 'skipped', 'skipped')]).toEqual([0, 0]);
        expect(counted(output, 'passed', 'pass')).toBeGreaterThanOrEqual(leastTests[name] ?? 1);
      },
      LIMIT_MS,
    );
  });
});
