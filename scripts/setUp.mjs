/** What the commands need before they run: the packages, and the build. Plain Node, since nothing is installed yet. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const inRoot = (...parts) => path.join(ROOT, ...parts);

/** For people, on standard error: standard output belongs to the program that is run. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Runs a program in the root with our terminal; true when it exits with 0. */
export const run = (command, args, env = {}) =>
  spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;

/** Runs a program of an installed package. */
export const runLocal = (name, args, env) => run(inRoot('node_modules', '.bin', name), args, env);

const fail = (what, hint) => {
  say(`\n${what}\n${hint}`);
  process.exit(1);
};

const modified = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0);

/** The latest change of a file or of anything in a folder. */
const lastChange = (file) =>
  statSync(file).isDirectory()
    ? Math.max(modified(file), ...readdirSync(file).map((name) => lastChange(path.join(file, name))))
    : modified(file);

export const checkNode = () => {
  const [major] = process.versions.node.split('.').map(Number);
  if (major < 20)
    fail(`Node ${process.versions.node} is too old.`, 'Install Node 20 or newer and run the command again.');
};

/** Installs the packages of the lockfile when they are missing or older than it. */
export const install = () => {
  checkNode();
  if (modified(inRoot('node_modules', '.package-lock.json')) >= modified(inRoot('package-lock.json'))) return;
  say('Installing packages (npm ci) …');
  if (!run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'])) {
    fail(
      'The packages could not be installed.',
      'npm says why above: most often the registry cannot be reached, or package-lock.json does not fit package.json. `npm ci` tries just this step.',
    );
  }
};

/** Packages with binaries, which no bundle can hold. */
const NATIVE = ['@mongodb-js/zstd', '@node-rs/crc32', 'lz4-napi', 'snappy'];

/** The program in one file, which starts in half the time that its modules take one by one (docs/decisions/0611). */
const bundle = () =>
  runLocal('esbuild', [
    ...['src/main.ts', '--bundle', '--outfile=dist/kahets.cjs', '--platform=node', '--target=node20.3'],
    // Modules of which what nobody uses is left out; rxjs gives those to browsers alone.
    ...['--main-fields=module,main', '--alias:rxjs=./node_modules/rxjs/dist/esm/index.js'],
    // A package that is loaded when it is needed is in the bundle too; Node's loader of modules is not started for it.
    '--supported:dynamic-import=false',
    ...NATIVE.map((name) => `--external:${name}`),
    // Its files go to browsers.
    '--external:uplot/*',
    ...['--sourcemap', '--sources-content=false', '--log-level=warning'],
  ]);

/** It is no TypeScript, and goes as it is. */
const STATUS_PAGE = ['src', 'control', 'http', 'page'];

/** Compiles src/ to dist/, from nothing; true when it worked. Writes nothing when there is a type error. */
export const compile = () => {
  rmSync(inRoot('dist'), { recursive: true, force: true });
  if (!runLocal('tsc', ['-p', 'tsconfig.build.json', '--noEmitOnError'])) return false;
  cpSync(inRoot(...STATUS_PAGE), inRoot('dist', ...STATUS_PAGE.slice(1)), { recursive: true });
  return bundle();
};

/** Builds when the build is missing or older than what it is made of. */
export const build = () => {
  const sources = ['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'].map((name) =>
    lastChange(inRoot(name)),
  );
  if (modified(inRoot('dist', 'kahets.cjs')) >= Math.max(...sources)) return;
  say('Building (tsc) …');
  if (!compile()) fail('The build failed.', 'The compiler says why above; `npm run build` tries just this step.');
};
