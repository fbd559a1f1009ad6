import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { withFolder } from '../places';
import type { Figure } from './figure';

const ROOT = path.resolve(__dirname, '../..');
const KB_A_MB = 1024;
const LARGEST = 5;

const execute = promisify(execFile);

/** Kilobytes on disk by path, of `folder` and of what is in it down to `depth`. */
const sizes = async (folder: string, depth: number): Promise<ReadonlyMap<string, number>> => {
  const { stdout } = await execute('du', ['-k', `--max-depth=${depth}`, '.'], { cwd: folder });
  return new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [kilobytes = '', name = ''] = line.split('\t');
        return [name.replace('./', ''), Number(kilobytes)];
      }),
  );
};

const megabytes = (kilobytes: number): string => (kilobytes / KB_A_MB).toFixed(1);

/** Megabytes of node_modules after this program was packed and installed as a user installs it. Needs npm's registry. */
export const installedMegabytes = (): Promise<Figure> =>
  withFolder(async (folder) => {
    const packed = await execute('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const archive = packed.stdout.trim().split('\n').at(-1) ?? '';
    await writeFile(path.join(folder, 'package.json'), '{ "private": true }');
    const install = ['install', '--omit=dev', '--ignore-scripts', '--no-audit', '--no-fund', `./${archive}`];
    await execute('npm', install, { cwd: folder });
    const all = await sizes(path.join(folder, 'node_modules'), 2);
    const packages = [...all].filter(([name]) => (name.startsWith('@') ? name.includes('/') : /^[^./]+$/.test(name)));
    const largest = packages
      .sort(([, a], [, b]) => b - a)
      .slice(0, LARGEST)
      .map(([name, kilobytes]) => `${name} ${megabytes(kilobytes)}`);
    return { value: (all.get('.') ?? NaN) / KB_A_MB, note: `${packages.length} packages; ${largest.join(', ')}` };
  });
