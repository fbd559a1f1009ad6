/** Scripts of bash that say what their children have used: once a process has ended, /proc has forgotten it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { endWithUs } from './children';
import { RUN_TIMEOUT_MS } from './timeouts';

const TIMES = 'code=$?; times; exit $code';

/** Seconds in bash's `1m2.345s`. */
const seconds = (text: string): number => {
  const [, minutes = 'NaN', rest = 'NaN'] = /(\d+)m([\d.]+)s/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(rest);
};

/** User and system seconds of all children: the last line of what {@link TIMES} says. */
const childSeconds = (output: string): number =>
  (output.trim().split('\n').at(-1) ?? '').split(' ').reduce((sum, each) => sum + seconds(each), 0);

export interface ScriptOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Its standard input; default: there is none. */
  readonly input?: Socket;
  /** An open file, its descriptor 3; default: there is none. */
  readonly file?: number;
}

export interface Script {
  /** What it has said so far. */
  readonly said: () => string;
  /** Resolves at its end with the CPU seconds of its children. Rejects where it fails, or is killed with all of them after two minutes. */
  readonly ended: Promise<number>;
}

/** Starts a script whose exit code is that of its last command. */
export const startScript = (text: string, { env = {}, input, file }: ScriptOptions = {}): Script => {
  const bash = spawn('bash', ['-c', `${text}; ${TIMES}`], {
    stdio: [input ?? 'ignore', 'pipe', 'inherit', ...(file === undefined ? [] : [file])],
    detached: true,
    env: { ...process.env, ...env },
  });
  const kill = (): void => {
    if (bash.pid !== undefined) process.kill(-bash.pid, 'SIGKILL');
  };
  const forget = endWithUs(kill);
  const killing = setTimeout(kill, RUN_TIMEOUT_MS);
  let output = '';
  bash.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const end = async (): Promise<number> => {
    const [code] = (await once(bash, 'close')) as [number | null];
    clearTimeout(killing);
    forget();
    if (code !== 0) throw new Error(code === null ? `no end in ${RUN_TIMEOUT_MS} ms` : `exit code ${code}`);
    return childSeconds(output);
  };
  return { said: () => output, ended: end() };
};
