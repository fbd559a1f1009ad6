/**
 * Lays down what the program needs to run, and no more: for a system's package, or an image.
 *
 *     node scripts/stage.mjs FOLDER
 */
import { cpSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { LICENCES, NATIVE } from './compile.mjs';
import { inRoot } from './root.mjs';

const PROGRAM = [
  ...['dist/kahets.cjs', 'dist/control', `dist/${LICENCES}`, 'LICENSE', 'package.json'],
  // What `kahets init` begins with.
  ...['buckets.json', '.env.dev.local', 'docs/buckets.schema.json', 'packaging/systemd/kahets.service'],
];

/** The packages that are installed of these and of what they need; those for other systems are not. */
const installed = (names) =>
  names
    .map((name) => path.join('node_modules', name))
    .filter((folder) => existsSync(inRoot(folder)))
    .flatMap((folder) => {
      const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
        readFileSync(inRoot(folder, 'package.json'), 'utf8'),
      );
      return [folder, ...installed(Object.keys({ ...dependencies, ...optionalDependencies }))];
    });

/** The built program and its packages with binaries, below `folder`. */
export const stage = (folder) => {
  for (const name of [...PROGRAM, ...installed(NATIVE)])
    cpSync(inRoot(name), path.join(folder, name), { recursive: true });
};

if (import.meta.url === pathToFileURL(process.argv[1]).href) stage(path.resolve(process.argv[2]));
