/** PostgreSQL for the specs: a private cluster in a folder of its own, on a UNIX socket alone. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Client, type QueryResultRow } from 'pg';

const DEBIAN = '/usr/lib/postgresql';
export const USER = 'kahets';

/** The folder of the latest version's programs. */
const bin = (): string | undefined => {
  const versions = existsSync(DEBIAN)
    ? readdirSync(DEBIAN)
        .map(Number)
        .sort((one, other) => other - one)
    : [];
  return versions
    .map((version) => path.join(DEBIAN, String(version), 'bin'))
    .find((folder) => existsSync(path.join(folder, 'initdb')));
};

/** What keeps the specs from running here, if anything does. */
export const missing = (): string | undefined =>
  bin() === undefined ? `no PostgreSQL below ${DEBIAN}: apt-get install postgresql` : undefined;

/** PostgreSQL refuses to run as root: somebody who may do nothing else does it then. */
const owner = (): { readonly uid: number; readonly gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  const [, uid, gid] = /^(?:postgres|nobody):[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8')) ?? [];
  if (uid === undefined || gid === undefined) throw new Error('expected a user postgres or nobody in /etc/passwd');
  return { uid: Number(uid), gid: Number(gid) };
};

export interface Cluster {
  /** Of the socket. */
  readonly folder: string;
  readonly query: <R extends QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<readonly R[]>;
  readonly start: () => Promise<void>;
  /** At once, as a crash does. */
  readonly stop: () => Promise<void>;
  /** Stops it and removes all of it. */
  readonly remove: () => Promise<void>;
}

const SETTINGS = { listen_addresses: '', fsync: 'off', max_connections: '50', shared_buffers: '16MB' };

export const startCluster = async (): Promise<Cluster> => {
  const programs = bin();
  if (programs === undefined) throw new Error(missing());
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-pg-'));
  const as = owner();
  if (as) chownSync(folder, as.uid, as.gid);
  const data = path.join(folder, 'data');
  const made = spawnSync(
    path.join(programs, 'initdb'),
    ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'],
    { ...as, cwd: folder, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);

  let server: ChildProcess | undefined;
  const start = async (): Promise<void> => {
    const settings = Object.entries({ ...SETTINGS, unix_socket_directories: folder }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const child = spawn(path.join(programs, 'postgres'), ['-D', data, ...settings], {
      ...{ ...as, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] },
    });
    server = child;
    const said: string[] = [];
    await new Promise<void>((resolve, reject) => {
      createInterface({ input: child.stderr }).on('line', (line) => {
        said.push(line);
        if (line.includes('ready to accept connections')) resolve();
      });
      child.once('exit', () => reject(new Error(said.join('\n'))));
    });
  };
  const stop = async (): Promise<void> => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGQUIT');
    await ended;
  };
  process.once('exit', () => server?.kill('SIGQUIT'));
  await start();

  return {
    ...{ folder, start, stop },
    query: async <R extends QueryResultRow>(text: string, values: readonly unknown[] = []) => {
      const client = new Client({ host: folder, database: 'postgres', user: USER });
      await client.connect();
      try {
        return (await client.query<R>(text, [...values])).rows;
      } finally {
        await client.end();
      }
    },
    remove: async () => {
      await stop();
      rmSync(folder, { recursive: true });
    },
  };
};
