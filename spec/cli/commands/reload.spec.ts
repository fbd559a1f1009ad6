import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import { NEVER, of } from 'rxjs';
import { findDaemon } from '../../../src/cli/commands/reload/findDaemon';
import { listenersAt } from '../../../src/cli/commands/reload/listener';
import { factsOf } from '../../../src/cli/commands/reload/processFacts';
import { askBefore, resultOf } from '../../../src/cli/commands/reload/result';
import type { ReloadCounts } from '../../../src/control/reload';
import { processOf, thisProcess, type ProcessIdentity } from '../../../src/spool/processes';
import { inFolder } from '../../support/fileSinks';
import { closeMonitors, serveMonitor } from '../../support/servedMonitor';
import { run } from './harness';

const running: { readonly kill: (signal: NodeJS.Signals) => unknown }[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await closeMonitors();
});

const known = async (pid: number | undefined): Promise<ProcessIdentity> => {
  const identity = await processOf(pid ?? 0);
  if (!identity) throw new Error('expected a process');
  return identity;
};

/** A process that says when it is ready. */
const started = async (command: string, args: readonly string[], cwd = '/'): Promise<ProcessIdentity> => {
  const child = spawn(command, args, { cwd, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
  running.push(child);
  await once(child.stdout, 'data');
  return known(child.pid);
};

const READY = 'process.stdout.write("ready");setInterval(() => 0, 1000);';
const CATCHES = `process.on('SIGHUP', () => 0);`;
const listens = (path: string): string =>
  `require('net').createServer().listen(${JSON.stringify(path)}, () => {${READY}});`;

const node = (code: string, cwd?: string): Promise<ProcessIdentity> => started(process.execPath, ['-e', code], cwd);

const owns = async (spool: string, owner: ProcessIdentity): Promise<void> => {
  await mkdir(spool, { recursive: true });
  await writeFile(join(spool, 'owner'), JSON.stringify(owner));
};

describe('factsOf', () => {
  it('knows who catches SIGHUP, and who has no terminal', async () => {
    const [catches, does] = await Promise.all([node(CATCHES + READY), node(READY)]);
    expect(await factsOf(catches)).toEqual({ identity: catches, hasTerminal: false, catchesHangUp: true });
    expect(await factsOf(does)).toMatchObject({ catchesHangUp: false });
  });

  it('knows who has a terminal', async () => {
    const script = await started('script', [
      '-qfc',
      `'${process.execPath}' -e '${READY.replaceAll("'", '"')}'`,
      '/dev/null',
    ]);
    const children = await readFile(`/proc/${script.pid}/task/${script.pid}/children`, 'utf8');
    const inside = await known(Number.parseInt(children, 10));
    expect(await factsOf(inside)).toMatchObject({ hasTerminal: true });
    expect(await factsOf(script)).toMatchObject({ hasTerminal: false });
  });

  it('knows nothing of who has ended', async () => {
    expect(await factsOf({ pid: 2 ** 30, started: 'never' })).toBeUndefined();
  });
});

describe('listenersAt', () => {
  it('finds nobody where there is no socket, or one that nobody listens at', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'k.sock');
      expect(await listenersAt(path)).toEqual([]);
      await writeFile(path, '');
      expect(await listenersAt(path)).toEqual([]);
    }));

  it('finds who listens: under that name, another beside it, a relative one, over a link', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'kahets.sock');
      const { pid } = await node(listens('./0123abcd'), folder);
      expect(await listenersAt(path)).toEqual([]);
      await symlink(join(folder, '0123abcd'), path);
      expect(await listenersAt(path)).toEqual([pid]);
      await symlink(folder, `${folder}/link`);
      expect(await listenersAt(join(folder, 'link', 'kahets.sock'))).toEqual([pid]);
    }));

  it('finds nobody who listens in that folder under a name of his own', () =>
    inFolder(async (folder) => {
      await node(listens(join(folder, 'other.sock')));
      await writeFile(join(folder, 'kahets.sock'), '');
      expect(await listenersAt(join(folder, 'kahets.sock'))).toEqual([]);
    }));
});

describe('findDaemon', () => {
  const at = (folder: string) => ({
    sockets: [{ kind: 'unix' as const, path: join(folder, 'k.sock') }],
    spool: join(folder, 'spool'),
  });

  it('finds who listens at the socket, rather than who still holds the spool', () =>
    inFolder(async (folder) => {
      const [old, daemon] = [await node(CATCHES + READY), await node(CATCHES + listens(join(folder, 'k.sock')))];
      await owns(join(folder, 'spool'), old);
      expect(await findDaemon(at(folder))).toEqual(E.right(expect.objectContaining({ identity: daemon })));
    }));

  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::1', '::1'],
    ['0.0.0.0', '0.0.0.0'],
    ['::', '0:0::0'],
    ['localhost', '127.0.0.1'],
  ])('finds who listens at a port of %s, among several places', (host, asked) =>
    inFolder(async (folder) => {
      const code = `const s = require('net').createServer().listen(0, ${JSON.stringify(host)}, () => {
        require('fs').writeFileSync('port', String(s.address().port)); ${READY} });`;
      const daemon = await node(CATCHES + code, folder);
      const port = Number(await readFile(join(folder, 'port'), 'utf8'));
      const { sockets, spool } = at(folder);
      const found = (...hosts: readonly string[]) =>
        findDaemon({
          sockets: [...sockets, ...hosts.map((each) => ({ kind: 'tcp' as const, host: each, port }))],
          spool,
        });
      expect(await found(asked)).toEqual(E.right(expect.objectContaining({ identity: daemon })));
      expect(await found('127.0.0.2', '999.1.1.1')).toEqual(
        E.left({
          code: 69,
          problems: [expect.stringContaining(`k.sock, tcp://127.0.0.2:${port}, tcp://999.1.1.1:${port} or holds`)],
        }),
      );
    }),
  );

  it('finds who holds the spool, if it is that very process', () =>
    inFolder(async (folder) => {
      const daemon = await node(CATCHES + READY);
      await owns(join(folder, 'spool'), daemon);
      expect(await findDaemon(at(folder))).toEqual(E.right(expect.objectContaining({ identity: daemon })));
      await owns(join(folder, 'spool'), { ...daemon, started: 'earlier' });
      expect(await findDaemon(at(folder))).toEqual(E.left(expect.objectContaining({ code: 69 })));
    }));

  it('refuses who would end at the signal', () =>
    inFolder(async (folder) => {
      const { pid } = await node(listens(join(folder, 'k.sock')));
      expect(await findDaemon(at(folder))).toEqual(
        E.left({ code: 69, problems: [expect.stringContaining(`process ${pid} would end at SIGHUP`)] }),
      );
    }));

  it('refuses to choose among several', () =>
    inFolder(async (folder) => {
      await Promise.all(['k.sock', '01234f'].map((name) => node(CATCHES + listens(join(folder, name)))));
      expect(await findDaemon(at(folder))).toEqual(
        E.left({
          code: 69,
          problems: [
            expect.stringMatching(
              /^expected one daemon at .*, found there, or in the same folder, processes \d+, \d+$/,
            ),
          ],
        }),
      );
    }));
});

describe('resultOf', () => {
  const own = async (): Promise<ProcessIdentity> => {
    const identity = await thisProcess();
    if (!identity) throw new Error('expected /proc');
    return identity;
  };
  const serving = async (at: Partial<ReloadCounts> = {}) => {
    let counts: ReloadCounts = { begun: 0, succeeded: 0, failed: 0, last: undefined, ...at };
    const identity = await own();
    const served = await serveMonitor({ reloads: () => counts, pid: identity.pid });
    const before = await askBefore(served.address, identity);
    if (E.isLeft(before)) throw new Error(before.left);
    const reloaded = (succeeded: boolean): void => {
      const ended = counts.succeeded + counts.failed + 1;
      counts = {
        begun: Math.max(counts.begun, ended),
        succeeded: counts.succeeded + Number(succeeded),
        failed: counts.failed + Number(!succeeded),
        last: { atMs: 1, succeeded },
      };
    };
    return { ...served, identity, before: before.right, reloaded };
  };
  const patience = { timeoutMs: 60_000, interrupted$: NEVER };

  it('is that of the reload', async () => {
    const { before, identity, reloaded } = await serving();
    const result = resultOf(before, identity, patience);
    reloaded(true);
    expect(await result).toEqual({ code: 0, problems: [] });
  });

  it('is not that of a reload that was under way before', async () => {
    const { before, identity, reloaded } = await serving({ begun: 1 });
    reloaded(true);
    expect(await resultOf(before, identity, { ...patience, timeoutMs: 30 })).toMatchObject({ code: 75 });
    reloaded(false);
    expect(await resultOf(before, identity, patience)).toMatchObject({ code: 78 });
  });

  it('says why the daemon has not taken it', async () => {
    const { before, env, identity, reloaded } = await serving();
    env.log.error('configuration not reloaded, what runs goes on', { problems: ['buckets.json: bad\u001b[2J'] });
    reloaded(false);
    expect(await resultOf(before, identity, patience)).toEqual({
      code: 78,
      problems: [expect.stringContaining('its log says why'), 'buckets.json: bad\\x1b[2J'],
    });
  });

  it('is late, or interrupted', async () => {
    const { before, identity } = await serving();
    expect(await resultOf(before, identity, { ...patience, timeoutMs: 30 })).toMatchObject({ code: 75 });
    expect(await resultOf(before, identity, { ...patience, interrupted$: of('SIGINT') })).toMatchObject({ code: 69 });
  });

  it('is that the daemon has ended', async () => {
    const { before, close } = await serving();
    await close();
    expect(await resultOf(before, { pid: 2 ** 30, started: 'never' }, patience)).toEqual({
      code: 69,
      problems: [`process ${2 ** 30} has ended, its log says why`],
    });
  });

  it('cannot be had from another process', async () => {
    const { address } = await serveMonitor({ pid: 1 });
    expect(await askBefore(address, await own())).toEqual(E.left('another process answers HTTP, 1'));
  });
});

describe('kahets reload', () => {
  const BUCKETS = { streamsConfigs: { none: { type: 'blackhole' } }, buckets: [{ id: 'b', streams: ['none'] }] };

  const inEnvironment = (use: (folder: string, environment: Record<string, string>) => Promise<void>): Promise<void> =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'buckets.json'), JSON.stringify(BUCKETS));
      await use(folder, {
        ...{ BUCKETS_FILE: join(folder, 'buckets.json'), SOCKET: join(folder, 'k.sock'), SPOOL: join(folder, 'spool') },
      });
    });

  it('ends with 69 where no daemon runs', () =>
    inEnvironment(async (folder, environment) => {
      const ran = await run(['reload'], { environment });
      expect(ran).toMatchObject({ code: 69, out: '' });
      expect(ran.err).toContain(`no daemon of this user listens at ${folder}/k.sock or holds ${folder}/spool`);
    }));

  it('signals the daemon, and says that its log has the result where HTTP is off', () =>
    inEnvironment(async (folder, environment) => {
      const code = `process.on('SIGHUP', () => process.exit(7)); ${listens(join(folder, 'k.sock'))}`;
      const { pid } = await node(code);
      const ran = await run(['reload'], { environment });
      expect(ran).toMatchObject({
        code: 0,
        out: `process ${pid} is told to reload; its log says what becomes of it\n`,
      });
      expect(ran.err).toContain('HTTP is not set');
      while (await processOf(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
    }));

  it('signals nobody where the configuration is wrong, and tells all of it', () =>
    inEnvironment(async (folder, environment) => {
      const { pid } = await node(`process.on('SIGHUP', () => process.exit(7)); ${listens(join(folder, 'k.sock'))}`);
      await writeFile(
        join(folder, 'buckets.json'),
        JSON.stringify({ ...BUCKETS, buckets: [{ id: '', streams: ['nowhere'] }] }),
      );
      const kill = jest.spyOn(process, 'kill');
      const ran = await run(['reload'], { environment });
      expect(kill).not.toHaveBeenCalled();
      kill.mockRestore();
      expect(ran).toMatchObject({ code: 78, out: '' });
      expect(ran.err.split('\n').length).toBeGreaterThan(2);
      expect(await processOf(pid)).toBeDefined();
    }));

  it.each([
    ['EPERM', 77],
    ['ESRCH', 69],
  ])('ends where the signal fails with %s', (code, exitCode) =>
    inEnvironment(async (folder, environment) => {
      await node(CATCHES + listens(join(folder, 'k.sock')));
      const kill = (): never => {
        throw Object.assign(new Error(`kill ${code}`), { code });
      };
      const ran = await run(['reload'], { environment, process: { ...process, kill } as unknown as NodeJS.Process });
      expect(ran).toMatchObject({ code: exitCode, out: '' });
      expect(ran.err).toMatch(/^kahets: process \d+ cannot be signalled/);
    }),
  );
});
