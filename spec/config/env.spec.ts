import * as E from 'fp-ts/Either';
import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import {
  bucketsFile,
  decodeEnvironment,
  envFileName,
  type Environment,
  type HttpSettings,
  type Settings,
} from '../../src/config/env';
import type { HttpAddress } from '../../src/config/envCodecs';
import { report } from '../../src/config/report';

const MB = 1024 * 1024;

const settingsOf = (environment: Environment, file: Environment = {}): Settings => {
  const decoded = decodeEnvironment(environment, file);
  if (E.isLeft(decoded)) throw new Error(report('environment', decoded.left).join('\n'));
  return decoded.right.settings;
};

const warningsOf = (environment: Environment, file: Environment = {}): readonly string[] => {
  const decoded = decodeEnvironment(environment, file);
  if (E.isLeft(decoded)) throw new Error(report('environment', decoded.left).join('\n'));
  return report('environment', decoded.right.warnings);
};

const errorsOf = (environment: Environment): readonly string[] => {
  const decoded = decodeEnvironment(environment);
  return E.isLeft(decoded) ? report('environment', decoded.left) : [];
};

const DEFAULTS: Settings = {
  sockets: [{ kind: 'unix', path: '/tmp/kahego.sock' }],
  maxMemoryBytes: 250 * MB,
  maxCpus: 2,
  logLevel: 'info',
  maxFrameBytes: 8 * MB,
  frameTimeoutMs: 30_000,
  drainTimeoutMs: 30_000,
  spool: './spool',
};

const tcp = (host: string, port: number): HttpAddress => ({ kind: 'tcp', host, port });
const unix = (path: string): HttpAddress => ({ kind: 'unix', path });
/** What SOCKET may be, and what it means. */
const SOCKETS: readonly (readonly [text: string, addresses: readonly HttpAddress[]])[] = [
  ['/run/kahets.sock', [unix('/run/kahets.sock')]],
  [`/${'s'.repeat(106)}`, [unix(`/${'s'.repeat(106)}`)]],
  // A path is one to the last byte.
  ...['k.sock', '9410', '/tmp/a b,c;é.sock ', ' k', 'a,b', '/tmp/a,', '/a:1', 'http://a', '@k'].map(
    (path) => [path, [unix(path)]] as const,
  ),
  ['unix:k.sock', [unix('k.sock')]],
  ['unix:///run/k.sock', [unix('/run/k.sock')]],
  ['tcp://9410', [tcp('127.0.0.1', 9410)]],
  ['tcp://:9410', [tcp('127.0.0.1', 9410)]],
  ['TCP://127.0.0.2:0 ', [tcp('127.0.0.2', 0)]],
  ['tcp://[::1]:9410', [tcp('::1', 9410)]],
  ['tcp://localhost:9410', [tcp('localhost', 9410)]],
  ['/tmp/kahego.sock,tcp://127.0.0.1:9410', [unix('/tmp/kahego.sock'), tcp('127.0.0.1', 9410)]],
  [
    '/a,b.sock, ./c ,../d,unix:e,tcp://1 , tcp://[::1]:1,/f,g',
    [unix('/a,b.sock'), unix('./c'), unix('../d'), unix('e'), tcp('127.0.0.1', 1), tcp('::1', 1), unix('/f,g')],
  ],
  [
    `/0${Array.from({ length: 15 }, (_, n) => `,/${n + 1}`).join('')}`,
    Array.from({ length: 16 }, (_, n) => unix(`/${n}`)),
  ],
];
const httpAt = (address: HttpAddress): HttpSettings => ({
  ...{ address, socketMode: 0o660, hosts: [], showMessages: false },
});

describe('envFileName', () => {
  it.each([
    [{}, '.env.dev.local'],
    [{ environment: '' }, '.env.dev.local'],
    [{ environment: 'prod' }, '.env.prod.local'],
    [{ ENVIRONMENT: 'prod' }, '.env.dev.local'],
  ])('%j → %s', (environment, name) => expect(envFileName(environment)).toBe(name));
});

describe('bucketsFile', () => {
  it('is the one of the process, else of the file, else ./buckets.json', () => {
    expect(bucketsFile({ BUCKETS_FILE: '/etc/a.json' }, { BUCKETS_FILE: '/etc/b.json' })).toBe('/etc/a.json');
    expect(bucketsFile({}, { BUCKETS_FILE: '/etc/b.json' })).toBe('/etc/b.json');
    expect(bucketsFile({}, {})).toBe('./buckets.json');
  });
});

describe('decodeEnvironment', () => {
  it('has a default for everything', () => expect(settingsOf({})).toEqual(DEFAULTS));

  it('takes an empty variable as one that is not set', () =>
    expect(settingsOf({ SOCKET: '', MAXCPUS: ' ', HTTP: undefined }, { MAXMEMORY: '' })).toEqual(DEFAULTS));

  it('takes a variable of the process before the same one of the file', () => {
    const settings = settingsOf({ SOCKET: '/run/a.sock' }, { SOCKET: '/run/b.sock', MAXCPUS: '4' });
    expect(settings).toMatchObject({ sockets: [unix('/run/a.sock')], maxCpus: 4 });
  });

  it('reads the env file of the project', () => {
    const file = parse(readFileSync('.env.dev.local'));
    expect(settingsOf({}, file)).toEqual({ ...DEFAULTS, spool: './data/spool' });
    expect(warningsOf({}, file)).toEqual([]);
  });

  it.each<[Environment, Partial<Settings>]>([
    ...SOCKETS.map(([SOCKET, sockets]) => [{ SOCKET }, { sockets }] satisfies [Environment, Partial<Settings>]),
    [{ SOCKET: 'tcp://0.0.0.0:9410', SOCKET_REMOTE: '1' }, { sockets: [tcp('0.0.0.0', 9410)] }],
    [{ MAXMEMORY: '512MB' }, { maxMemoryBytes: 512 * MB }],
    [{ MAXMEMORY: '1GB' }, { maxMemoryBytes: 1024 * MB }],
    [{ MAXMEMORY: '1.5 gib' }, { maxMemoryBytes: 1536 * MB }],
    [{ MAXMEMORY: '409600K' }, { maxMemoryBytes: 400 * MB }],
    [{ MAXMEMORY: '262144000' }, { maxMemoryBytes: 250 * MB }],
    [{ MAXMEMORY: '262144000B' }, { maxMemoryBytes: 250 * MB }],
    [{ MAXCPUS: '1' }, { maxCpus: 1 }],
    [{ LOG_LEVEL: 'TRACE' }, { logLevel: 'trace' }],
    [{ LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
    [{ LOG_LEVEL: 'Warn' }, { logLevel: 'warn' }],
    [{ LOG_LEVEL: 'WARNING' }, { logLevel: 'warn' }],
    [{ LOG_LEVEL: 'ERROR' }, { logLevel: 'error' }],
    [{ LOG_LEVEL: 'FATAL' }, { logLevel: 'fatal' }],
    [{ LOG_LEVEL: 'PANIC' }, { logLevel: 'fatal' }],
    [{ MAX_FRAME: '1KB' }, { maxFrameBytes: 1024 }],
    [
      { MAX_FRAME: '64MB', MAXMEMORY: '410MB' },
      { maxFrameBytes: 64 * MB, maxMemoryBytes: 410 * MB },
    ],
    [{ FRAME_TIMEOUT: '500' }, { frameTimeoutMs: 500 }],
    [{ FRAME_TIMEOUT: '5s' }, { frameTimeoutMs: 5_000 }],
    [{ FRAME_TIMEOUT: '1.5m' }, { frameTimeoutMs: 90_000 }],
    [{ FRAME_TIMEOUT: '250ms' }, { frameTimeoutMs: 250 }],
    [{ SOCKET_MODE: '0660' }, { socketMode: 0o660 }],
    [{ SOCKET_MODE: '666' }, { socketMode: 0o666 }],
    [{ SOCKET_MODE: '0o600' }, { socketMode: 0o600 }],
    [{ DRAIN_TIMEOUT: '0' }, { drainTimeoutMs: 0 }],
    [{ DRAIN_TIMEOUT: '1h' }, { drainTimeoutMs: 3_600_000 }],
    [{ HTTP: '9410' }, { http: httpAt(tcp('127.0.0.1', 9410)) }],
    [{ HTTP: ':9410' }, { http: httpAt(tcp('127.0.0.1', 9410)) }],
    [{ HTTP: '127.0.0.1:0' }, { http: httpAt(tcp('127.0.0.1', 0)) }],
    [{ HTTP: '0.0.0.0:80' }, { http: httpAt(tcp('0.0.0.0', 80)) }],
    [{ HTTP: '[::1]:9410' }, { http: httpAt(tcp('::1', 9410)) }],
    [{ HTTP: 'localhost:9410' }, { http: httpAt(tcp('localhost', 9410)) }],
    [{ HTTP: '/run/kahets/http.sock' }, { http: httpAt({ kind: 'unix', path: '/run/kahets/http.sock' }) }],
    [{ HTTP: 'unix:/run/http.sock' }, { http: httpAt({ kind: 'unix', path: '/run/http.sock' }) }],
    [{ HTTP: 'unix:http.sock' }, { http: httpAt({ kind: 'unix', path: 'http.sock' }) }],
    [{ HTTP: './http.sock' }, { http: httpAt({ kind: 'unix', path: './http.sock' }) }],
    [
      { HTTP: '9410', HTTP_HOSTS: 'Status.Example.com, [::2] ', HTTP_MESSAGES: '1', HTTP_MODE: '0600' },
      {
        http: {
          ...{ address: tcp('127.0.0.1', 9410), socketMode: 0o600 },
          ...{ hosts: ['status.example.com', '[::2]'], showMessages: true },
        },
      },
    ],
    [{ HTTP: '', HTTP_HOSTS: 'a.example' }, {}],
  ])('%j → %j', (environment, expected) => expect(settingsOf(environment)).toEqual({ ...DEFAULTS, ...expected }));

  it.each<[Environment, string]>([
    [
      { SOCKET: `/${'s'.repeat(107)}` },
      'environment: SOCKET: expected a path of at most 107 bytes, a TCP address such as tcp://127.0.0.1:9410, or up to 16 of them, each once, with commas between, got "/sss',
    ],
    [{ SOCKET: `/${'é'.repeat(54)}` }, 'environment: SOCKET: expected a path of at most 107 bytes'],
    ...[
      'tcp:9410',
      'tcp://',
      'tcp://localhost',
      'tcp://:65536',
      'tcp://9410/',
      'tcp://a b:1',
      'unix:',
      '/a,tcp://',
      '/a,/b,/a',
    ].map((SOCKET) => [{ SOCKET }, 'environment: SOCKET: expected a path of'] satisfies [Environment, string]),
    [
      { SOCKET: `/0${Array.from({ length: 16 }, (_, n) => `,/${n + 1}`).join('')}` },
      'environment: SOCKET: expected a path of',
    ],
    ...['0.0.0.0:1', '[::]:1', 'example.com:1', '127.0.0.1.example.com:1', '192.168.0.1:1', '[::2]:1'].map(
      (place) =>
        [
          { SOCKET: `/a,tcp://127.0.0.1:9410,tcp://${place}`, SOCKET_REMOTE: '0' },
          `environment: SOCKET: expected TCP addresses of the loopback such as tcp://127.0.0.1:9410, or SOCKET_REMOTE=1 beside it: who reaches another address sends what he likes, with no password and no encryption, got tcp://${place}`,
        ] satisfies [Environment, string],
    ),
    [{ SOCKET_REMOTE: 'yes' }, 'environment: SOCKET_REMOTE: expected true or false, got "yes"'],
    [
      { MAXMEMORY: 'plenty' },
      'environment: MAXMEMORY: expected a size such as 10MB or 1048576, 1 or more, got "plenty"',
    ],
    [{ MAXMEMORY: '-1MB' }, 'environment: MAXMEMORY: expected a size'],
    [{ MAXMEMORY: '1.2.3MB' }, 'environment: MAXMEMORY: expected a size'],
    [{ MAXCPUS: '0' }, 'environment: MAXCPUS: expected a whole number from 1 to 1024, got "0"'],
    [{ MAXCPUS: '1.5' }, 'environment: MAXCPUS: expected a whole number from 1 to 1024, got "1.5"'],
    [{ MAXCPUS: '0x2' }, 'environment: MAXCPUS: expected a whole number from 1 to 1024, got "0x2"'],
    [
      { LOG_LEVEL: 'LOUD' },
      'environment: LOG_LEVEL: expected one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL, got "LOUD"',
    ],
    [{ MAX_FRAME: '65MB', MAXMEMORY: '2GB' }, 'expected a size such as 10MB or 1048576, from 1KB to 64MB, got "65MB"'],
    [{ MAX_FRAME: '512' }, 'environment: MAX_FRAME: expected a size'],
    [{ MAX_FRAME: '40MB' }, 'MAX_FRAME: expected at most 32MB at MAXMEMORY=250MB, or a larger MAXMEMORY, got 40MB'],
    [
      { FRAME_TIMEOUT: '0' },
      'FRAME_TIMEOUT: expected a time such as 30s or 30000 (ms), from 1 ms to 86400000 ms, got "0"',
    ],
    [{ FRAME_TIMEOUT: '30 sec' }, 'environment: FRAME_TIMEOUT: expected a time'],
    [{ SOCKET_MODE: 'rw-rw----' }, 'SOCKET_MODE: expected permissions in octal such as 0660, got "rw-rw----"'],
    [{ SOCKET_MODE: '0888' }, 'environment: SOCKET_MODE: expected permissions in octal'],
    [{ DRAIN_TIMEOUT: '2d' }, 'environment: DRAIN_TIMEOUT: expected a time'],
    [{ HTTP: 'localhost' }, 'environment: HTTP: expected an address such as 127.0.0.1:9410, or the path of a UNIX'],
    [{ HTTP: ':70000' }, 'environment: HTTP: expected an address'],
    [{ HTTP: 'unix:' }, 'environment: HTTP: expected an address'],
    [{ HTTP: `/${'s'.repeat(107)}` }, 'environment: HTTP: expected an address'],
    [{ HTTP_HOSTS: 'https://a.example' }, 'environment: HTTP_HOSTS: expected names of hosts without ports, such as'],
    [{ HTTP_HOSTS: 'a.example,' }, 'environment: HTTP_HOSTS: expected names of hosts'],
    [{ HTTP_MESSAGES: 'some' }, 'environment: HTTP_MESSAGES: expected true or false, got "some"'],
    [{ HTTP_MODE: '1' }, 'environment: HTTP_MODE: expected permissions in octal'],
  ])('refuses %j', (environment, line) => expect(errorsOf(environment)).toEqual([expect.stringContaining(line)]));

  it('tells of all problems at once', () => {
    const errors = errorsOf({ MAXCPUS: 'x', LOG_LEVEL: 'x', MAX_FRAME: '40MB', HTTP: 'x', SOCKET_MODE: 'x' });
    expect(errors.map((line) => line.split(': ')[1])).toEqual([
      'MAXCPUS',
      'LOG_LEVEL',
      'SOCKET_MODE',
      'HTTP',
      'MAX_FRAME',
    ]);
  });

  it('raises a small MAXMEMORY with a warning', () => {
    expect(settingsOf({ MAXMEMORY: '100MB' }).maxMemoryBytes).toBe(160 * MB);
    expect(warningsOf({ MAXMEMORY: '100MB' })).toEqual([
      'environment: MAXMEMORY: expected 160MB or more, so 160MB is used, got 100MB',
    ]);
    expect(warningsOf({ MAXMEMORY: '160MB' })).toEqual([]);
  });

  it('warns of a name in the file that means nothing, with the one it may be meant to be', () => {
    expect(warningsOf({ PATH: '/bin', MAXMEMROY: '1GB' }, { SOKET: '/run/a.sock', NODE_ENV: 'x' })).toEqual([
      expect.stringMatching(
        /^environment: SOKET: expected one of SOCKET, .* \(did you mean SOCKET\?\), got a name without/,
      ),
      expect.stringMatching(/^environment: NODE_ENV: expected one of SOCKET, [^?]*, got a name without effect/),
    ]);
  });

  it('is not misled by a name of the object prototype', () =>
    expect(settingsOf(JSON.parse('{"__proto__":"x","constructor":"y"}') as Environment)).toEqual(DEFAULTS));
});
