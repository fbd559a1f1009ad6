/** Image and compose file, read: no image is built or pulled here. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { validate } from 'dockerfile-utils';
import * as E from 'fp-ts/Either';
import { parse } from 'yaml';
import { decodeEnvironment, type Environment, type Settings } from '../../src/config/env';
import { socketText } from '../../src/wire/address';
import { meaningOf } from '../fuzz/referenceDecoder';
import { KAFKA_VERSION } from '../support/kafkaJars';
import { describeWith, PACKAGING } from './tools';

const FOLDER = path.join(PACKAGING, 'docker');
const ROOT = path.dirname(PACKAGING);
const read = (file: string): string => readFileSync(path.join(FOLDER, file), 'utf8');
const DOCKERFILE = read('Dockerfile');
const MB = 1024 * 1024;

/** Instructions with their continued lines joined. */
const instructions = DOCKERFILE.replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .flatMap((line) => {
    const [, name, rest] = /^\s*([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    return name === undefined || rest === undefined ? [] : [{ name, rest }];
  });
const all = (wanted: string): readonly string[] =>
  instructions.filter(({ name }) => name === wanted).map(({ rest }) => rest);

const settingsOf = (environment: Environment): Settings => {
  const decoded = decodeEnvironment({}, environment);
  if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
  return decoded.right.settings;
};

describe('the Dockerfile', () => {
  it('has no fault', () => {
    expect(validate(DOCKERFILE)).toEqual([]);
  });

  it('would be found to have one', () => {
    expect(validate(DOCKERFILE.replace('WORKDIR', 'WORKDIRR'))).not.toEqual([]);
  });

  it('copies what is there, and what its ignore file lets in', () => {
    const allowed = read('Dockerfile.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = all('COPY')
      .filter((rest) => !rest.startsWith('--from='))
      .flatMap((rest) => rest.split(' ').slice(0, -1));
    expect([...copied].sort()).toEqual([...allowed].sort());
    expect(copied.filter((name) => !existsSync(path.join(ROOT, name)))).toEqual([]);
  });

  it('lays down a program from what it copied', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kahets-image-'));
    try {
      // What its build makes, and what it installs.
      mkdirSync(path.join(folder, 'dist/control'), { recursive: true });
      for (const name of ['kahets.cjs', 'THIRD-PARTY-LICENSES.txt']) writeFileSync(path.join(folder, 'dist', name), '');
      symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
      const copies = all('COPY');
      const ofBuild = copies.slice(0, copies.indexOf('--from=build /opt/kahets /opt/kahets'));
      for (const name of ofBuild.flatMap((rest) => rest.split(' ').slice(0, -1)))
        cpSync(path.join(ROOT, name), path.join(folder, name), { recursive: true });
      expect(all('RUN').join()).toContain('node scripts/stage.mjs /opt/kahets,');
      const image = path.join(folder, 'image');
      execFileSync(process.execPath, [path.join(folder, 'scripts/stage.mjs'), image]);
      expect(readdirSync(path.join(image, 'dist')).sort()).toEqual([
        'THIRD-PARTY-LICENSES.txt',
        'control',
        'kahets.cjs',
      ]);
      expect(readdirSync(path.join(image, 'node_modules'))).toEqual(expect.arrayContaining(['snappy', 'lz4-napi']));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('runs as nobody special, and lets the daemon have the signals', () => {
    expect(all('USER').at(-1)).toBe('node');
    expect(JSON.parse(all('ENTRYPOINT').at(-1) ?? '')).toEqual(['node', '/opt/kahets/dist/kahets.cjs']);
    expect(JSON.parse(all('CMD').at(-1) ?? '')).toEqual(['start']);
  });

  it('sets variables that the daemon knows, and keeps in volumes what outlives it', () => {
    const variables = all('ENV').flatMap((rest) => rest.split(/ +/).map((pair) => pair.split('=')));
    const settings = settingsOf(Object.fromEntries(variables) as Environment);
    const volumes = JSON.parse(all('VOLUME').at(-1) ?? '') as readonly string[];
    expect(volumes).toEqual([path.dirname(settings.sockets.map(socketText).join()), path.dirname(settings.spool)]);
  });
});

interface Service {
  readonly image: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly mem_limit?: string;
  readonly stop_grace_period?: string;
  readonly depends_on?: unknown;
}

describe('the compose file', () => {
  const { services, volumes } = parse(read('compose.yaml')) as {
    readonly services: Readonly<Record<'kafka' | 'kahets' | 'php' | 'web', Service>>;
    readonly volumes: Readonly<Record<string, unknown>>;
  };

  it('gives memory beside MAXMEMORY, and time beside DRAIN_TIMEOUT', () => {
    const { environment = {}, mem_limit = '', stop_grace_period = '' } = services.kahets;
    const { maxMemoryBytes, drainTimeoutMs } = settingsOf(environment);
    expect(parseInt(mem_limit, 10) * MB).toBeGreaterThanOrEqual(1.5 * maxMemoryBytes);
    expect(parseInt(stop_grace_period, 10) * 1000).toBeGreaterThanOrEqual(drainTimeoutMs + 30_000);
  });

  it('has the Kafka of the end-to-end tests, at the address of the sample', () => {
    expect(services.kafka.image).toBe(`apache/kafka:${KAFKA_VERSION}`);
    const [, address] = /"bootstrap.servers": "([^"]+)"/.exec(read('buckets.json')) ?? [];
    expect(services.kafka.environment?.['KAFKA_ADVERTISED_LISTENERS']).toBe(`PLAINTEXT://${address ?? ''}`);
  });

  it('mounts volumes and files that are there; PHP has the folder of the socket', () => {
    const sources = Object.values(services).flatMap(({ volumes: of = [] }) => of.map((volume) => volume.split(':')[0]));
    const missing = sources.filter((source = '') =>
      source.startsWith('.') ? !existsSync(path.join(FOLDER, source)) : !Object.hasOwn(volumes, source),
    );
    expect(missing).toEqual([]);
    expect(services.php.volumes).toContain('socket:/run/kahets');
    expect(services.kahets.volumes).toContain('socket:/run/kahets');
  });
});

describeWith('php')('the page of the PHP example', () => {
  it('sends ten messages that the daemon can read', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kahets-page-'));
    const socket = path.join(folder, 'kahets.sock');
    const server = createServer();
    try {
      server.listen(socket);
      await once(server, 'listening');
      const received = once(server, 'connection').then(async ([client]) => {
        const chunks: Buffer[] = [];
        for await (const chunk of client as AsyncIterable<Buffer>) chunks.push(chunk);
        return Buffer.concat(chunks);
      });
      const page = spawn('php', [path.join(FOLDER, 'app/index.php')], {
        env: { ...process.env, SOCKET: socket },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const said: string[] = [];
      page.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
      await once(page, 'close');
      expect(said.join('')).toBe('10 messages sent\n');
      const { frames, refused } = meaningOf(await received, MB);
      expect([...frames].map(([bucket, list]) => [bucket, list.length])).toEqual([['requests', 10]]);
      expect(refused.size).toBe(0);
    } finally {
      server.close();
      await rm(folder, { recursive: true });
    }
  });

  it('goes on where nobody listens', () => {
    const page = spawn('php', [path.join(FOLDER, 'app/index.php')], {
      env: { ...process.env, SOCKET: '/nowhere/kahets.sock' },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    return expect(once(page, 'close')).resolves.toEqual([0, null]);
  });
});
