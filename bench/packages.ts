/**
 * Programs of Debian packages: as they are installed, or else unpacked beside the system, in the cache outside the tree.
 * Nothing is installed, no list of the system is touched, and packages that conflict (rsyslog and syslog-ng) lie side by side.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../src/wire/systemErrors';
import { cacheFolder } from '../spec/support/kafkaJars';

export interface Packaged {
  readonly command: string;
  readonly packages: readonly [string, ...string[]];
  /** The file of a module that must be there too. */
  readonly module?: string;
}

export interface Program {
  /** The path of the program. */
  readonly command: string;
  /** The folder of the module; empty where none is asked for. */
  readonly modules: string;
  readonly env: NodeJS.ProcessEnv;
}

const TIMEOUT_MS = 300_000;

/** Runs a command to its end; throws with the last line of what it said. */
const run = (command: string, args: readonly string[], cwd: string): string => {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: TIMEOUT_MS });
  if (status === 0) return stdout;
  const said = error?.message ?? stderr.trim().split('\n').at(-1) ?? '';
  throw new Error(`${command} ${args.find((arg) => !arg.startsWith('-')) ?? ''}: ${said}`);
};

/** Lists and downloads of apt in a folder of our own, so that it needs no root. */
const aptIn = (folder: string): ((...args: readonly string[]) => string) => {
  for (const name of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(path.join(folder, name), { recursive: true });
  const settings = ['Dir::State::Lists=lists/', 'Dir::Cache=cache/', 'APT::Sandbox::User=', 'Debug::NoLocking=1'].map(
    (setting) => {
      const [name = '', value = ''] = setting.split('=');
      return `${name}=${value.endsWith('/') ? path.join(folder, value) : value}`;
    },
  );
  const options = settings.flatMap((setting) => ['-o', setting]);
  return (...args) => run('apt-get', [...args, ...options], folder);
};

/** Downloads `packages` with all that they need and that is not installed, and unpacks them in `root`. */
const unpackIn = (folder: string, packages: readonly string[], root: string): void => {
  const apt = aptIn(folder);
  apt('update', '-q');
  // `Inst NAME (VERSION …)`; with the old version in brackets it is an upgrade, which what is installed does without.
  const needed = [...apt('install', '-s', '-q', '--no-install-recommends', ...packages).matchAll(/^Inst (\S+) \(/gm)];
  const names = needed.map(([, name = '']) => name);
  apt('download', '-q', ...new Set([...packages, ...names]));
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
    run('dpkg', ['-x', file, root], folder);
};

/** The folder in which the packages are unpacked; whole or absent, never half. */
const unpacked = (packages: readonly [string, ...string[]]): string => {
  const root = path.join(cacheFolder(), 'debian', packages[0]);
  if (existsSync(root)) return root;
  mkdirSync(path.dirname(root), { recursive: true });
  const fetching = mkdtempSync(path.join(cacheFolder(), 'fetching-'));
  try {
    unpackIn(fetching, packages, path.join(fetching, 'root'));
    renameSync(path.join(fetching, 'root'), root);
  } finally {
    rmSync(fetching, { recursive: true, force: true });
  }
  return root;
};

/** The folders in `folders`. */
const within = (folders: readonly string[]): readonly string[] =>
  folders.flatMap((folder) =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.join(folder, entry.name)),
  );

const programIn = (root: string, { command, module }: Packaged): Program | undefined => {
  const found = ['usr/sbin', 'usr/bin', 'sbin', 'bin'].map((name) => path.join(root, name, command)).find(existsSync);
  const libraries = ['usr/lib', 'lib'].map((name) => path.join(root, name)).filter(existsSync);
  const ofArchitecture = within(libraries);
  const folders = [...libraries, ...ofArchitecture];
  const modules =
    module === undefined
      ? ''
      : [...folders, ...within(ofArchitecture)].find((name) => existsSync(path.join(name, module)));
  if (found === undefined || modules === undefined) return undefined;
  return {
    command: found,
    modules,
    env: root === '/' || folders.length === 0 ? {} : { LD_LIBRARY_PATH: folders.join(path.delimiter) },
  };
};

const look = (packaged: Packaged): Program | string => {
  const installed = programIn('/', packaged);
  if (installed) return installed;
  const names = packaged.packages.join(', ');
  try {
    return programIn(unpacked(packaged.packages), packaged) ?? `not found in the Debian packages ${names}`;
  } catch (error) {
    return `not installed, and cannot be unpacked (${names}): ${messageOf(error)}`;
  }
};

const looked = new Map<string, Program | string>();

/** The program, or why there is none; it is looked for once. */
const findProgram = (packaged: Packaged): Program | string => {
  const found = looked.get(packaged.command) ?? look(packaged);
  looked.set(packaged.command, found);
  return found;
};

/** Why the program cannot run; undefined when it can. */
export const whyMissing = (packaged: Packaged): string | undefined => {
  const found = findProgram(packaged);
  return typeof found === 'string' ? found : undefined;
};

/** The program, where it is there. */
export const programOf = (packaged: Packaged): Program => {
  const found = findProgram(packaged);
  if (typeof found === 'string') throw new Error(found);
  return found;
};

const VERSION = /(\d+\.\d+(?:\.\d+)*)/;

/** What the program says its version is, asked with these arguments; empty where there is none. */
export const versionOf = (packaged: Packaged, args: readonly string[], version = VERSION): string => {
  const found = findProgram(packaged);
  if (typeof found === 'string') return '';
  const { stdout, stderr } = spawnSync(found.command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...found.env },
  });
  return version.exec(`${stdout}${stderr}`)?.[1] ?? '';
};
