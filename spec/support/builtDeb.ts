import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ROOT } from './endToEnd';
import { runFolder } from './runFolder';

/** For the `beforeAll` that asks for it: of specs that ask at once, one builds and the others wait. */
export const BUILD_DEB_MS = 180_000;

/** Whole or absent: what is built moves to its name at the end. */
const BUILD = `
[ -e "$1/kahets.deb" ] && exit
mkdir -p "$1/building"
"$2" "$3" "$1/building"
mv "$1/building"/*.deb "$1/kahets.deb"`;

/** The Debian package of this tree, which the first that asks builds for all specs of the run. Needs `dpkg-deb` and `flock`. */
export const builtDeb = async (): Promise<string> => {
  const folder = runFolder();
  const file = path.join(folder, 'kahets.deb');
  if (existsSync(file)) return file;
  const build = ['sh', '-ec', BUILD, 'build', folder, process.execPath, path.join(ROOT, 'scripts/deb.mjs')];
  await promisify(execFile)('flock', [path.join(folder, 'deb.lock'), ...build], { timeout: BUILD_DEB_MS });
  return file;
};
