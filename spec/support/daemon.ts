/** Runs the built daemon as a user does: a process in a folder of its own, told by `.env.dev.local`, `buckets.json` and signals. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The built daemon. */
export const MAIN = path.resolve(__dirname, '../../dist/kahets.cjs');
const WAIT_MS = 20_000;

/** A line of the daemon's log. */
export interface LogLine {
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly lines: readonly LogLine[];
  /** All that it wrote, standard error included. */
  readonly output: string;
}

export interface Daemon {
  /** Where it runs: its configuration, socket and files. */
  readonly folder: string;
  readonly socket: string;
  readonly pid: number;
  readonly lines: readonly LogLine[];
  /** The first line, past or future, that `wanted` holds for. Rejects when the daemon ends first, or after `timeoutMs`. */
  readonly waitForLog: (wanted: (line: LogLine) => boolean, timeoutMs?: number) => Promise<LogLine>;
  readonly ended: Promise<Ended>;
  /** Sends the signal and resolves when the process is gone. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<Ended>;
}

export interface DaemonOptions {
  /** Written to `.env.dev.local`; SOCKET defaults to a path in the folder. */
  readonly env?: Readonly<Record<string, string | number>>;
  /** Written to `buckets.json`: as JSON, or as it is when text; nothing is written when absent. */
  readonly buckets?: unknown;
  /** Where to run; default: a new folder, removed by {@link endDaemons}. */
  readonly folder?: string;
  /** The command and its arguments; default: the built daemon. */
  readonly command?: readonly [string, ...string[]];
}

const running = new Set<ChildProcess>();
const folders: string[] = [];

/** A new folder that {@link endDaemons} removes. */
export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-'));
  folders.push(folder);
  return folder;
};

/** Ends what still runs and removes what is left. For `afterEach`. */
export const endDaemons = async (): Promise<void> => {
  await Promise.all(
    [...running].map(async (child) => {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }),
  );
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
};
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

const logLine = (text: string): LogLine | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && 'msg' in value ? (value as LogLine) : undefined;
  } catch {
    return undefined;
  }
};

const writeConfig = async (folder: string, { env = {}, buckets }: DaemonOptions): Promise<string> => {
  const settings = { SOCKET: path.join(folder, 'kahets.sock'), ...env };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path.join(folder, '.env.dev.local'), lines.join(''));
  if (buckets !== undefined) {
    const text = typeof buckets === 'string' ? buckets : JSON.stringify(buckets, null, 2);
    await writeFile(path.join(folder, 'buckets.json'), text);
  }
  return settings.SOCKET;
};

/** Starts the daemon; it may not listen yet, or never. */
export const launchDaemon = async (options: DaemonOptions = {}): Promise<Daemon> => {
  const folder = options.folder ?? (await temporaryFolder());
  const socket = await writeConfig(folder, options);
  const [command, ...args] = options.command ?? [process.execPath, MAIN, 'start'];
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(command, args, { cwd: folder, env: { PATH, HOME }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);

  const lines: LogLine[] = [];
  let output = '';
  const listeners = new Set<(line: LogLine) => void>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    output += `${text}\n`;
    const line = logLine(text);
    if (!line) return;
    lines.push(line);
    for (const listener of listeners) listener(line);
  });
  child.stderr.on('data', (text: Buffer) => (output += text.toString()));

  const ended = once(child, 'close').then(([code, signal]): Ended => {
    running.delete(child);
    return { code: code as number | null, signal: signal as NodeJS.Signals | null, lines, output };
  });

  const waitForLog: Daemon['waitForLog'] = (wanted, timeoutMs = WAIT_MS) =>
    new Promise((resolve, reject) => {
      const past = lines.find(wanted);
      if (past) {
        resolve(past);
        return;
      }
      const done = (): void => {
        clearTimeout(timer);
        listeners.delete(listener);
      };
      const fail = (why: string): void => {
        done();
        reject(new Error(`${why}; the daemon said:\n${output.slice(-4000)}`));
      };
      const listener = (line: LogLine): void => {
        if (!wanted(line)) return;
        done();
        resolve(line);
      };
      const timer = setTimeout(() => fail(`no such line in ${timeoutMs} ms`), timeoutMs);
      listeners.add(listener);
      void ended.then(({ code, signal }) => fail(`the daemon ended (${code ?? signal ?? ''})`));
    });

  return {
    folder,
    socket,
    pid: child.pid ?? 0,
    lines,
    waitForLog,
    ended,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
};

/** Starts the daemon and waits until it accepts connections. */
export const startDaemon = async (options: DaemonOptions = {}): Promise<Daemon> => {
  const daemon = await launchDaemon(options);
  await daemon.waitForLog(({ msg }) => msg === 'listening');
  return daemon;
};
