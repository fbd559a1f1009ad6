/** The package as npm packs it from the build that is there, and a folder in which it is installed. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './endToEnd';

const STEP_MS = 60_000;

const npm = (...args: readonly string[]): string =>
  execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', timeout: STEP_MS, stdio: ['ignore', 'pipe', 'ignore'] });

export interface Packed {
  /** The archive, in the folder that was given. */
  readonly filename: string;
  /** Of the archive, and of what it unpacks to. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

/** Packs into `folder`. The build is left as it is: other specs run it. */
export const packInto = (folder: string): Packed => {
  const [packed] = JSON.parse(
    npm('pack', '--ignore-scripts', '--json', '--pack-destination', folder),
  ) as readonly Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  return packed;
};

/** Folders of the packages that npm installs with ours, which the lockfile names. */
const dependencyFolders = (): readonly string[] =>
  npm('ls', '--all', '--omit=dev', '--parseable').trim().split('\n').slice(1);

/**
 * Lays `archive` into `folder` as `npm install` does, with the packages that are installed here, so that no registry is asked:
 * nothing of what development needs can be found from there. Gives the folder of commands.
 */
export const installInto = (folder: string, archive: string): string => {
  const modules = path.join(folder, 'node_modules');
  for (const from of dependencyFolders())
    cpSync(from, path.join(folder, path.relative(ROOT, from)), { recursive: true });
  execFileSync('tar', ['-xf', archive, '-C', modules], { timeout: STEP_MS });
  execFileSync('mv', [path.join(modules, 'package'), path.join(modules, 'kahets')]);
  const commands = path.join(modules, '.bin');
  mkdirSync(commands);
  symlinkSync('../kahets/dist/kahets.cjs', path.join(commands, 'kahets'));
  return commands;
};
