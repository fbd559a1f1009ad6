/** Node in other major versions, which npm fetches once into a cache outside the tree. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { cacheFolder } from './kafkaJars';

const FETCH_TIMEOUT_MS = 180_000;

const RUNNING = Number.parseInt(process.versions.node, 10);

/** The majors that kahets is for, and the one that runs the tests. */
export const MAJORS: readonly number[] = [...new Set([20, 22, 24, RUNNING])];

/** The package of Node's binary alone: it needs no install script, unlike `node`, whose script picks it. */
const platformPackage = `node-${process.platform}-${process.arch}`;

const versionOf = (binary: string): string => spawnSync(binary, ['--version'], { encoding: 'utf8' }).stdout.trim();

/** Whole or absent, never half. */
const fetchNode = (major: number, binary: string): E.Either<string, string> => {
  mkdirSync(cacheFolder(), { recursive: true });
  const fetching = mkdtempSync(path.join(cacheFolder(), 'fetching-'));
  try {
    const wanted = `${platformPackage}@${major}`;
    const npm = spawnSync(
      'npm',
      ['install', '--prefix', fetching, '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', wanted],
      { encoding: 'utf8', timeout: FETCH_TIMEOUT_MS },
    );
    const fetched = path.join(fetching, 'node_modules', platformPackage, 'bin/node');
    if (npm.status !== 0) return E.left(`npm could not fetch ${wanted}:\n${npm.stderr}`);
    if (!versionOf(fetched).startsWith(`v${major}.`)) return E.left(`${wanted} holds no Node ${major} that runs here`);
    renameSync(fetched, binary);
    return E.right(binary);
  } finally {
    rmSync(fetching, { recursive: true, force: true });
  }
};

/** The path of Node `major`, or why there is none. Waits for npm: jest needs to know at once which cases there are. */
export const findNode = (major: number): E.Either<string, string> => {
  if (major === RUNNING) return E.right(process.execPath);
  const binary = path.join(cacheFolder(), `node-${major}`);
  return existsSync(binary) ? E.right(binary) : fetchNode(major, binary);
};
