/** What the commands need before they run: the packages, and the build. Plain Node, since nothing is installed yet. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { LICENCES, compile } from './compile.mjs';
import { inRoot, run, say } from './root.mjs';

export { compile } from './compile.mjs';
export { ROOT, run, runLocal, say } from './root.mjs';

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

/** What the build is made of and made by. */
const SOURCES = [
  ...['src', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json'],
  ...['scripts/compile.mjs', 'scripts/licences.mjs'],
];

/** Builds when the build is missing or older than what it is made of. */
export const build = () => {
  if (modified(inRoot('dist', LICENCES)) >= Math.max(...SOURCES.map((name) => lastChange(inRoot(name))))) return;
  say('Building (tsc) …');
  if (!compile()) fail('The build failed.', 'The compiler says why above; `npm run build` tries just this step.');
};
