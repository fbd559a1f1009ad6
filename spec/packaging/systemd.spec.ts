import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { parse } from 'dotenv';
import { EX } from '../../src/cli/exitCodes';
import { decodeEnvironment, type Environment, type Settings } from '../../src/config/env';
import { socketText } from '../../src/wire/address';
import { ask, describeWith, PACKAGING, type Answer } from './tools';
import { environmentOf, parseUnit, valueOf, valuesOf, type UnitFile } from './unitFile';

const FOLDER = path.join(PACKAGING, 'systemd');
const read = (file: string): string => readFileSync(path.join(FOLDER, file), 'utf8');
const SERVICE = read('kahets.service');
const service = parseUnit(SERVICE);
const socket = parseUnit(read('kahets.socket'));
const dropIn = parseUnit(read('kahets.service.d/host.conf.example'));

const MB = 1024 * 1024;
const SECOND_MS = 1000;
/** `384M` of systemd. */
const megabytes = (size: string): number => Number(/^(\d+)M$/.exec(size)?.[1]);

const settingsOf = (environment: Environment): Settings => {
  const decoded = decodeEnvironment({}, environment);
  if (E.isLeft(decoded)) throw new Error(JSON.stringify(decoded.left));
  expect(decoded.right.warnings).toEqual([]);
  return decoded.right.settings;
};

describe('the unit', () => {
  const settings = settingsOf(environmentOf(service));

  it('says where all of the daemon is, with variables that it knows', () => {
    expect(settings).toMatchObject({
      sockets: [{ kind: 'unix', path: '/run/kahets/kahets.sock' }],
      socketMode: 0o660,
      spool: '/var/lib/kahets/spool',
    });
    expect(valueOf(service, 'RuntimeDirectory')).toBe('kahets');
    expect(valueOf(service, 'StateDirectory')).toBe('kahets');
  });

  it.each<[string, UnitFile]>([
    ['the unit', service],
    ['the example of a drop-in', dropIn],
  ])('%s gives memory beside MAXMEMORY, and time beside DRAIN_TIMEOUT', (_name, unit) => {
    const { maxMemoryBytes, drainTimeoutMs } = settingsOf(environmentOf(unit));
    expect(megabytes(valueOf(unit, 'MemoryMax')) * MB).toBeGreaterThanOrEqual(1.5 * maxMemoryBytes);
    expect(Number(valueOf(unit, 'TimeoutStopSec')) * SECOND_MS).toBeGreaterThanOrEqual(drainTimeoutMs + 30_000);
  });

  it('starts again after what may pass by itself, and not after wrong arguments or configuration', () => {
    expect(valueOf(service, 'Restart')).toBe('on-failure');
    expect(valueOf(service, 'RestartPreventExitStatus')).toBe(`${EX.USAGE} ${EX.CONFIG}`);
    const [window, burst, pause] = ['StartLimitIntervalSec', 'StartLimitBurst', 'RestartSec'].map((key) =>
      Number(valueOf(service, key)),
    );
    expect((pause ?? 0) * (burst ?? 0)).toBeGreaterThan(window ?? 0);
  });

  it('hears of the daemon by another process than its own, and gives it time to die of the watchdog', () => {
    expect([valueOf(service, 'Type'), valueOf(service, 'NotifyAccess')]).toEqual(['notify', 'all']);
    expect(Number(valueOf(service, 'TimeoutAbortSec'))).toBeLessThan(Number(valueOf(service, 'TimeoutStopSec')));
  });

  it('has an example of a type that waits for a reload, and sends its signal itself', () => {
    const example = parseUnit(read('kahets.service.d/reload.conf.example'));
    expect([valueOf(example, 'Type'), valueOf(example, 'ExecReload')]).toEqual(['notify-reload', '']);
  });

  it('keeps the folder of the socket, which systemd may hold', () => {
    expect(valueOf(service, 'RuntimeDirectoryPreserve')).toBe('yes');
    expect(valueOf(socket, 'ListenStream')).toBe(settings.sockets.map(socketText).join());
    expect(parseInt(valueOf(socket, 'SocketMode'), 8)).toBe(settings.socketMode);
  });

  it('has an env file of variables that the daemon knows', () => {
    const variables = parse(read('kahets.env').replace(/^#(?=[A-Z_]+=)/gm, ''));
    expect(Object.keys(variables)).toEqual(['MAXCPUS', 'LOG_LEVEL', 'KAFKA_PASSWORD']);
    expect(valuesOf(service, 'EnvironmentFile')).toEqual(['-/etc/kahets/kahets.env']);
    expect(decodeEnvironment({}, variables, ['KAFKA_PASSWORD'])).toMatchObject(E.right({ warnings: [] }));
  });
});

describeWith('systemd-analyze')('systemd', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-units-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** Checks the units, with a program that is there and the examples of drop-ins in force. */
  const verify = (text: string): Answer => {
    writeFileSync(
      path.join(folder, 'kahets.service'),
      text.replace('ExecStart=/usr/bin/kahets', `ExecStart=${process.execPath}`),
    );
    copyFileSync(path.join(FOLDER, 'kahets.socket'), path.join(folder, 'kahets.socket'));
    for (const name of ['kahets.service.d/host.conf', 'kahets.socket.d/kahego.conf']) {
      mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
      copyFileSync(path.join(FOLDER, `${name}.example`), path.join(folder, name));
    }
    const units = ['kahets.service', 'kahets.socket'].map((name) => path.join(folder, name));
    return ask('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', ...units]);
  };

  it('takes both units and the drop-ins without a word', () => {
    expect(verify(SERVICE)).toEqual({ code: 0, output: '' });
  });

  it('would tell of a misspelt setting', () => {
    expect(verify(SERVICE.replace('ProtectSystem=', 'ProtectSystme=')).output).toContain('ProtectSystme');
  });

  const file = path.join(FOLDER, 'kahets.service');
  const security = ask('systemd-analyze', ['security', '--offline=true', '--no-pager', file]).output;
  const exposure = /exposure level for kahets\.service: ([\d.]+)/.exec(security)?.[1];

  it('scores it as the operations guide says', () => {
    const guide = readFileSync(path.join(PACKAGING, '../docs/operating.md'), 'utf8');
    expect(guide).toContain(`    ${security.trim().split('\n').at(-1) ?? 'nothing'}\n`);
  });

  it(`scores the service ${exposure ?? 'not at all'} (0 is closed, 10 is open), at most 2`, () => {
    expect(Number(exposure)).toBeLessThanOrEqual(2);
  });
});
