/** Processes beside this one that end with it. */
import { fork, type ChildProcess, type Serializable } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN_TIMEOUT_MS } from './timeouts';

/** Calls `kill` when the bench ends for whatever reason, until what it returns is called. */
export const endWithUs = (kill: () => void): (() => void) => {
  process.once('exit', kill);
  return () => void process.off('exit', kill);
};

/** One of our own programs in a process of its own. What it says is told in the order in which it is asked for. */
export interface Fork {
  readonly pid: number;
  /** Resolves with what it says next. Rejects where it ends without a word, or says nothing for two minutes. */
  readonly next: () => Promise<unknown>;
  /** Tells it something, and resolves with what it says next. */
  readonly ask: (message: Serializable) => Promise<unknown>;
}

const nextOf = async (child: ChildProcess, file: string): Promise<unknown> => {
  const over = new AbortController();
  const { signal } = over;
  const fail = (why: string) => (): never => {
    throw new Error(`${file} ${why}`);
  };
  try {
    const [message] = (await Promise.race([
      once(child, 'message', { signal }),
      // After all that it has said, which the exit may come before.
      once(child, 'disconnect', { signal }).then(fail('ended without an answer')),
      sleep(RUN_TIMEOUT_MS, undefined, { signal }).then(fail(`gave no answer in ${RUN_TIMEOUT_MS / 1000} s`)),
    ])) as [unknown];
    return message;
  } finally {
    over.abort();
  }
};

/** Runs a TypeScript file for as long as `work` takes, then kills it. */
export const withFork = async <A>(
  file: string,
  args: readonly string[],
  work: (fork: Fork) => Promise<A>,
): Promise<A> => {
  const child = fork(file, args, { execArgv: ['-r', 'ts-node/register/transpile-only'] });
  const kill = (): void => void child.kill('SIGKILL');
  child.once('exit', endWithUs(kill));
  const next = (): Promise<unknown> => nextOf(child, file);
  const ask = (message: Serializable): Promise<unknown> => {
    const answer = next();
    child.send(message);
    return answer;
  };
  try {
    return await work({ pid: child.pid ?? 0, next, ask });
  } finally {
    kill();
  }
};
