/** Sockets that are passed to the daemon, and what it tells who has started it, without systemd: see systemd.spec.ts for that. */
import { lstatSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import { EX } from '../../src/cli/exitCodes';
import { childrenOf } from '../faults/daemon/support/children';
import { openClient, send } from '../support/client';
import { endDaemons, launchDaemon, MAIN, temporaryFolder, type Daemon, type DaemonOptions } from '../support/daemon';
import { fileStream, finalLedger, noBroker, oneBucket, rowOf } from '../support/endToEnd';
import { addFiles, Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { missingManager, noticeOf, underManager, type Managed } from '../support/serviceManager';

const describeManaged = missingManager() === undefined ? describe : describe.skip;

const START = [process.execPath, MAIN, 'start'];
const files = oneBucket('b', { copy: fileStream() });

/** Starts the daemon under a manager that passes a socket to it and hears what it tells. */
const launch = async (
  {
    env,
    buckets = files,
    command = START,
    ...more
  }: Pick<DaemonOptions, 'env' | 'buckets'> & Managed & { readonly command?: readonly string[] },
  what: { readonly passes?: boolean; readonly hears?: boolean },
) => {
  const folder = await temporaryFolder();
  const socket = path.join(folder, 'passed.sock');
  const managed = {
    ...(what.passes && { socket }),
    ...(what.hears && { notify: path.join(folder, 'notify.sock') }),
    ...more,
  };
  const manager = await launchDaemon({
    ...{ folder, buckets, command: underManager(managed, command) },
    ...(env && { env }),
  });
  return { manager, socket, folder };
};

const daemonOf = (manager: Daemon): number => childrenOf(manager.pid)[0] ?? 0;

const listeningLines = ({ lines }: Pick<Daemon, 'lines'>) => lines.filter(({ msg }) => msg === 'listening');

/** The line `listening` of the `nth` daemon, from 1. */
const listening = (manager: Daemon, nth = 1) =>
  manager.waitForLog((line) => line.msg === 'listening' && listeningLines(manager).indexOf(line) === nth - 1);

afterEach(endDaemons);

describeManaged('a passed socket', () => {
  it('is listened on in place of SOCKET, is said in the log, and stays at a stop', async () => {
    const { manager, socket, folder } = await launch({}, { passes: true });
    expect(await listening(manager)).toMatchObject({ path: socket, passedBy: 'systemd' });
    expect(lstatSync(path.join(folder, 'kahets.sock'), { throwIfNoEntry: false })).toBeUndefined();
    const before = lstatSync(socket);
    await send(socket, numberedFrame('b', 0));
    const ended = await manager.stop();
    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger(ended), 'b', 'copy').delivered).toBe(1);
    expect(lstatSync(socket).ino).toBe(before.ino);
  });

  it('keeps for the next daemon who has connected and written while there was none', async () => {
    const { manager, socket, folder } = await launch({}, { passes: true });
    await listening(manager);
    // It cannot accept any more, and is told to stop.
    kill(daemonOf(manager), 'SIGSTOP');
    const clients = await Promise.all(Array.from({ length: 300 }, () => openClient(socket)));
    await Promise.all(clients.map(({ write }, n) => write(numberedFrame('b', n))));
    const closed = clients.map(({ end }) => end());
    kill(daemonOf(manager), 'SIGTERM');
    kill(daemonOf(manager), 'SIGCONT');
    await listening(manager, 2);
    await Promise.all(closed);
    expect((await manager.stop()).code).toBe(0);
    const arrivals = new Arrivals(clients.length);
    await addFiles(arrivals, path.join(folder, 'copy'));
    expect(arrivals.faults()).toMatchObject({ missing: 0, twice: 0, damaged: 0 });
  });

  it('loses and doubles nothing over ten restarts under load, and keeps the order of each connection', async () => {
    const [clients, restarts, frames] = [8, 10, 20];
    const { manager, socket, folder } = await launch({}, { passes: true });
    await listening(manager);
    let next = 0;
    let again = 0;
    let pouring = true;
    /** One write, which the daemon reads whole or not at all: where the connection breaks it was not read. */
    const pour = async (): Promise<void> => {
      while (pouring) {
        const first = next;
        next += frames;
        const bytes = Buffer.concat(
          Array.from({ length: frames }, (_, i) => numberedFrame('b', first + i, { keys: 1, connection: `c${first}` })),
        );
        for (let taken = false; !taken;) {
          const client = await openClient(socket);
          let broke = false;
          client.socket.on('error', () => (broke = true));
          client.socket.end(bytes);
          await client.closed;
          taken = !broke;
          again += Number(broke);
        }
      }
    };
    const poured = Promise.all(Array.from({ length: clients }, pour));
    for (let restart = 1; restart <= restarts; restart += 1) {
      const before = next;
      kill(daemonOf(manager), 'SIGTERM');
      await listening(manager, restart + 1);
      while (next < before + clients * frames) await new Promise((resolve) => setImmediate(resolve));
    }
    pouring = false;
    await poured;
    const ended = await manager.stop();
    expect(ended.code).toBe(0);
    const stops = ended.lines.filter(({ msg }) => msg === 'stopped');
    expect(stops).toHaveLength(restarts + 1);
    const arrivals = new Arrivals(next);
    await addFiles(arrivals, path.join(folder, 'copy'));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
    // Who was accepted and had not written yet in all the time of a stop is the exception.
    expect(again).toBeLessThan(next / frames / 10);
  }, 120_000);

  it('says that SOCKET_MODE has no effect, where the socket has another', async () => {
    const { manager } = await launch({ env: { SOCKET_MODE: '0601' } }, { passes: true });
    await listening(manager);
    expect(manager.lines).toContainEqual(
      expect.objectContaining({
        msg: 'configuration',
        warning: expect.stringContaining('SOCKET_MODE=0601 has no effect') as string,
      }),
    );
    expect((await manager.stop()).code).toBe(0);
  });

  it('of another process is not ours', async () => {
    const { manager, folder } = await launch({ command: ['env', 'LISTEN_PID=1', ...START] }, { passes: true });
    expect(await listening(manager)).not.toHaveProperty('passedBy');
    expect(lstatSync(path.join(folder, 'kahets.sock')).isSocket()).toBe(true);
    expect((await manager.stop()).code).toBe(0);
  });

  it.each([
    ['two sockets', ['env', 'LISTEN_FDS=2', 'LISTEN_FDNAMES=a:b'], 'expected 1, got 2 (LISTEN_FDNAMES=a:b)'],
    ['a descriptor that is no socket', ['sh', '-c', 'exec "$0" "$@" 3</dev/null'], 'got no socket'],
    ['no descriptor', ['sh', '-c', 'exec "$0" "$@" 3<&-'], 'got no socket'],
    [
      'a socket of datagrams',
      [
        ...['perl', '-MSocket', '-MPOSIX=dup2', '-e'],
        '$^F = 255; socket(my $s, PF_UNIX, SOCK_DGRAM, 0); dup2(fileno($s), 3); exec(@ARGV)',
      ],
      'got a UNIX socket of datagrams or packets',
    ],
  ])('that is %s is an error of the configuration', async (_what, before, problem) => {
    const { manager } = await launch({ command: [...before, ...START] }, { passes: true });
    const { code, output } = await manager.ended;
    expect([code, output]).toEqual([EX.CONFIG, expect.stringContaining(problem)]);
  });
});

const WATCHDOG_MS = 900;
const US = 1000;

describeManaged('who has started the daemon', () => {
  const watched = { environment: { WATCHDOG_USEC: WATCHDOG_MS * US, BUSY_MS: 3 * WATCHDOG_MS } };

  const notices = ({ lines }: Pick<Daemon, 'lines'>): readonly string[] =>
    lines.flatMap((line) => noticeOf(line) ?? []);
  const beats = (manager: Daemon): number => notices(manager).filter((text) => text.startsWith('WATCHDOG=1')).length;
  const untilNotice = (manager: Daemon, start: string) =>
    manager.waitForLog((line) => noticeOf(line)?.startsWith(start) ?? false);
  const untilBeats = async (manager: Daemon, count: number): Promise<void> => {
    await manager.waitForLog(() => beats(manager) >= count);
  };
  /** None of the program's own, by which it waits until it was heard. */
  const told = (manager: Pick<Daemon, 'lines'>): readonly string[] =>
    notices(manager).filter((text) => text !== 'BARRIER=1' && text !== 'WATCHDOG=1');

  it('is told that it listens, how a reload went, and that it stops, in this order', async () => {
    // What is held makes the stop last until it was told.
    const kafka = { type: 'kafka', settings: { 'bootstrap.servers': await noBroker() } };
    const buckets = oneBucket('b', { kafka });
    const { manager, folder } = await launch({ buckets, env: { DRAIN_TIMEOUT: '5s' } }, { hears: true });
    const socket = path.join(folder, 'kahets.sock');
    await untilNotice(manager, 'READY=1');
    const startUs = process.hrtime.bigint() / 1000n;
    await send(socket, numberedFrame('b', 0));
    const reload = async (text: string, line: string): Promise<void> => {
      await writeFile(path.join(folder, 'buckets.json'), text);
      kill(daemonOf(manager), 'SIGHUP');
      await manager.waitForLog(({ msg }) => msg === line);
    };
    await reload(JSON.stringify(buckets), 'configuration reloaded');
    await reload('{', 'configuration not reloaded, what runs goes on');
    const ended = await manager.stop();

    expect(ended.code).toBe(0);
    const reloading = expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+\nSTATUS=/) as string;
    const at = `STATUS=Listening at ${socket}`;
    expect(told(ended)).toEqual([
      `READY=1\n${at}`,
      ...[reloading, `READY=1\n${at}; configuration reloaded`],
      ...[reloading, `READY=1\n${at}; configuration not reloaded, what runs goes on: the log says why`],
      'STOPPING=1\nSTATUS=Stopping; deliveries to go: 1\nEXTEND_TIMEOUT_USEC=65000000',
    ]);
    const times = told(ended).flatMap((text) => /MONOTONIC_USEC=(\d+)/.exec(text)?.[1] ?? []);
    for (const time of times) {
      expect(BigInt(time)).toBeGreaterThan(startUs);
      expect(BigInt(time)).toBeLessThan(process.hrtime.bigint() / 1000n);
    }
  });

  it.each([
    ['is stopped', 'SIGSTOP'],
    ['has a loop that is stuck', 'SIGUSR2'],
  ] as const)('hears nothing of a daemon that %s, and again when it goes on', async (_what, signal) => {
    const busy = path.join(__dirname, '../support/busyWhenTold.mjs');
    const { manager } = await launch(
      { ...watched, command: [process.execPath, '--import', busy, MAIN, 'start'] },
      { hears: true },
    );
    await untilBeats(manager, 3);
    const daemon = daemonOf(manager);
    kill(daemon, signal);
    // What was on its way may still come.
    const silentFrom = performance.now() + WATCHDOG_MS / 3;
    while (performance.now() < silentFrom) await new Promise((resolve) => setTimeout(resolve, 10));
    const before = beats(manager);
    const silentUntil = performance.now() + WATCHDOG_MS;
    while (performance.now() < silentUntil) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(beats(manager)).toBe(before);
    kill(daemon, 'SIGCONT');
    await untilBeats(manager, before + 2);
    expect((await manager.stop()).code).toBe(0);
  });

  it('is not told of the watchdog of another process', async () => {
    const { manager } = await launch({ ...watched, command: ['env', 'WATCHDOG_PID=1', ...START] }, { hears: true });
    await untilNotice(manager, 'READY=1');
    const until = performance.now() + WATCHDOG_MS;
    while (performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await manager.stop()).code).toBe(0);
    expect(beats(manager)).toBe(0);
  });

  it('is told nothing where the program is missing, which is said once and harms nothing', async () => {
    const { manager, folder } = await launch(
      { ...watched, command: ['env', 'PATH=/nowhere', ...START] },
      { hears: true },
    );
    await manager.waitForLog(({ msg }) => msg === 'systemd cannot be told how the daemon is');
    await send(path.join(folder, 'kahets.sock'), numberedFrame('b', 0));
    const ended = await manager.stop();
    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger({ ...ended }), 'b', 'copy').delivered).toBe(1);
    expect(ended.lines.filter(({ msg }) => msg.startsWith('systemd'))).toEqual([
      expect.objectContaining({ cause: expect.stringContaining('ENOENT') as string }),
    ]);
    expect(notices(ended)).toEqual([]);
  });

  it('passes a socket and hears of it, over a restart', async () => {
    const { manager, socket } = await launch({}, { passes: true, hears: true });
    await untilNotice(manager, 'READY=1');
    kill(daemonOf(manager), 'SIGTERM');
    // A stop that takes no time ends before it is told of.
    const starts = (): readonly string[] => told(manager).filter((notice) => !notice.includes('STOPPING=1'));
    await manager.waitForLog(() => starts().length === 2);
    expect((await manager.stop()).code).toBe(0);
    const at = `READY=1\nSTATUS=Listening at ${socket}`;
    expect(starts()).toEqual([at, at]);
  });
});
