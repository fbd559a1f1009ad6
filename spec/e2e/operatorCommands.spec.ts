import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import type { StatusDocument } from '../../src/control/status/document';
import { encodeFrame } from '../../src/wire/frame';
import { send } from '../support/client';
import { endDaemons, launchDaemon, MAIN, startDaemon, temporaryFolder, type Daemon } from '../support/daemon';
import { fileStream, noBroker, oneBucket } from '../support/endToEnd';

jest.setTimeout(60_000);
afterEach(endDaemons);

const { PATH = '', HOME = '' } = process.env;

/** Runs a program, and lets its output be waited for. */
const startProgram = (folder: string, program: string, args: readonly string[]) => {
  const child = spawn(program, args, { cwd: folder, env: { PATH, HOME, TERM: 'xterm-256color' } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, out, err }));
  /** Resolves when standard output says `text`, from the call on. */
  const shows = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const from = out.length;
      const listener = (): void => {
        if (!out.slice(from).includes(text)) return;
        child.stdout.off('data', listener);
        resolve();
      };
      child.stdout.on('data', listener);
      void ended.then(() => reject(new Error(`it ended without ${text}: ${out.slice(from)} ${err}`)));
    });
  return { child, ended, shows };
};

const kahets = (folder: string, ...args: readonly string[]) =>
  startProgram(folder, process.execPath, [MAIN, ...args]).ended;

/** The command line of a program on a terminal of its own. */
const onTerminal = (command: string): readonly [string, ...string[]] => [
  ...([
    'script',
    '-qefc',
    `stty rows 24 cols 80; exec '${process.execPath}' '${MAIN}' ${command}`,
    '/dev/null',
  ] as const),
];

/** The process that runs on the terminal that `script` has made. */
const insideOf = async (script: number): Promise<number> =>
  Number.parseInt(await readFile(`/proc/${script}/task/${script}/children`, 'utf8'), 10);

const toFile = oneBucket('b', { copy: fileStream() });

const startServing = (buckets: unknown = toFile): Promise<Daemon> =>
  startDaemon({ buckets, env: { HTTP: './http.sock' } });

const setBuckets = ({ folder }: Daemon, buckets: unknown): Promise<void> =>
  writeFile(path.join(folder, 'buckets.json'), JSON.stringify(buckets));

describe('kahets status', () => {
  it('says how the daemon is, and that there is none any more', async () => {
    const daemon = await startServing();
    await send(daemon.socket, encodeFrame('b', 'one'), encodeFrame('typo\u001b[2J', 'two'));
    const shown = await kahets(daemon.folder, 'status');
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(shown.out).toMatch(new RegExp(`^kahets .*, process ${daemon.pid}: ready, `));
    expect(shown.out).toMatch(/\ncopy {4}up /);
    expect(shown.out).toMatch(/\nreceived {2}2 messages, 1 refused\n/);
    expect(shown.out).not.toContain('\u001b');
    const json = await kahets(daemon.folder, 'status', '--json');
    expect((JSON.parse(json.out) as StatusDocument).daemon.pid).toBe(daemon.pid);
    await daemon.stop();
    expect(await kahets(daemon.folder, 'status')).toMatchObject({
      ...{ code: 69, out: '' },
      err: expect.stringContaining('http.sock: no socket is there: start the daemon') as unknown,
    });
  });

  it('ends with 75 where a stream does not take messages', async () => {
    const daemon = await startServing(
      oneBucket('b', {
        kafka: {
          ...{ type: 'kafka', settings: { 'bootstrap.servers': await noBroker(), 'queue.buffering.max.ms': 20 } },
          backup: fileStream('./backup'),
          failover: { afterMs: 1000, retryMs: 60_000 },
        },
      }),
    );
    await send(daemon.socket, encodeFrame('b', 'one'));
    await daemon.waitForLog(({ msg }) => msg.startsWith('stream open'));
    const { code, out, err } = await kahets(daemon.folder, 'status');
    expect(code).toBe(75);
    expect(err).toMatch(/^kahets: stream kafka is (open|half_open) .*/);
    expect(out).toMatch(/\n {2}backup .*backup.*: \d messages?/);
  });
});

describe('kahets reload', () => {
  const result = (daemon: Daemon, msg: string) => daemon.waitForLog((line) => line.msg.startsWith(msg));

  it('makes the daemon take another configuration, and waits for it', async () => {
    const daemon = await startServing();
    await setBuckets(daemon, oneBucket('b', { copy: fileStream(), other: fileStream('./other') }));
    const ran = await kahets(daemon.folder, 'reload');
    expect(ran).toEqual({ code: 0, out: `process ${daemon.pid} has reloaded its configuration\n`, err: '' });
    expect(await result(daemon, 'configuration reloaded')).toMatchObject({ added: ['other'] });
  });

  it('does nothing with a wrong one, and tells what the daemon cannot take', async () => {
    const daemon = await startServing();
    await setBuckets(daemon, oneBucket('b', { copy: { ...(fileStream() as object), slice: 2 } }));
    const wrong = await kahets(daemon.folder, 'reload');
    expect(wrong).toMatchObject({ code: 78, out: '', err: expect.stringContaining('slice: expected') as unknown });
    await writeFile(path.join(daemon.folder, 'a-file'), '');
    await setBuckets(daemon, oneBucket('b', { copy: fileStream(), other: fileStream('./a-file') }));
    const refused = await kahets(daemon.folder, 'reload');
    expect(refused).toMatchObject({ code: 78, out: '' });
    expect(refused.err).toMatch(/^kahets: the daemon has not taken the configuration.*\nkahets: .*a-file/);
    await result(daemon, 'configuration not reloaded');
    // The wrong one was never seen by it.
    expect(daemon.lines.filter(({ msg }) => msg.startsWith('configuration not reloaded'))).toHaveLength(1);
  });

  it('signals the daemon without HTTP, too, and says that its log has the result', async () => {
    const daemon = await startDaemon({ buckets: toFile });
    const ran = await kahets(daemon.folder, 'reload');
    expect(ran.out).toBe(`process ${daemon.pid} is told to reload; its log says what becomes of it\n`);
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('HTTP is not set') as unknown });
    await result(daemon, 'configuration reloaded');
    await daemon.stop();
    expect(await kahets(daemon.folder, 'reload')).toMatchObject({ code: 69, out: '' });
  });

  it('does not stop a daemon that runs on a terminal', async () => {
    const daemon = await launchDaemon({ buckets: toFile, command: onTerminal('start') });
    while (!existsSync(daemon.socket)) await new Promise((resolve) => setTimeout(resolve, 20));
    const pid = await insideOf(daemon.pid);
    const ran = await kahets(daemon.folder, 'reload');
    expect(ran).toMatchObject({ code: 69, out: '' });
    expect(ran.err).toContain(`process ${pid} runs on a terminal, and would stop at SIGHUP`);
    await send(daemon.socket, encodeFrame('b', 'still there'));
    kill(pid, 'SIGTERM');
    await daemon.ended;
    expect(await readdir(path.join(daemon.folder, 'copy'))).toEqual(['b']);
  });
});

describe('kahets top', () => {
  const LEFT = /\u001b\[\?7h\u001b\[\?25h\u001b\[\?1049l$/;

  const onScreen = (folder: string) => {
    const [script, ...args] = onTerminal('top');
    const program = startProgram(folder, script, args);
    return { ...program, press: (keys: string) => void program.child.stdin.write(keys) };
  };

  it('shows the daemon on a terminal of any size, says that it is away, and goes on when it is back', async () => {
    const daemon = await startServing();
    const { child, ended, press, shows } = onScreen(daemon.folder);
    await shows(' q quit');
    await Promise.all([shows('\nb  '), send(daemon.socket, encodeFrame('b', 'one'))]);
    const sorted = shows('s sort: received');
    press('s');
    await sorted;
    const inside = await insideOf(child.pid ?? 0);
    const narrow = shows('0 connec…');
    spawn('stty', ['-F', await readlink(`/proc/${inside}/fd/1`), 'rows', '24', 'cols', '19']);
    await narrow;
    const away = shows('no daemon for ');
    await daemon.stop();
    await away;
    const back = shows('0 connec…');
    await startDaemon({ folder: daemon.folder, buckets: toFile, env: { HTTP: './http.sock' } });
    await back;
    press('q');
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(out).toMatch(LEFT);
  });

  it.each(['SIGTERM', 'SIGHUP'] as const)('leaves the terminal as it was at %s', async (signal) => {
    const { child, ended, shows } = onScreen(await temporaryFolder().then(withHttp));
    await shows('no daemon for ');
    kill(await insideOf(child.pid ?? 0), signal);
    const { code, out } = await ended;
    expect(code).toBe(0);
    expect(out).toMatch(LEFT);
  });

  it('ends with 64 where there is no terminal', async () => {
    const { code, err } = await kahets(await withHttp(await temporaryFolder()), 'top');
    expect(code).toBe(64);
    expect(err).toContain('expected standard output to be a terminal');
  });

  const withHttp = async (folder: string): Promise<string> => {
    await writeFile(path.join(folder, '.env.dev.local'), 'HTTP=./http.sock\n');
    return folder;
  };
});
