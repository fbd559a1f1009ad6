import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { itMounts } from '../../support/itMounts';
import { mayTrace } from '../../support/strace';
import type { Answer, Order } from './sinkProcess';

const traces = mayTrace();

/** Skipped where there is no strace. */
export const itTraces = traces ? it : it.skip;

/** As {@link itTraces}, and needs the right to mount a disk. */
export const itTracesOnDisk = traces ? itMounts : it.skip;

export interface TracedSink {
  /** Writes batches at once and waits for their ends. */
  readonly write: (...orders: readonly Order[]) => Promise<Answer>;
  /** Closes all files and lists them. */
  readonly files: () => Promise<Answer>;
  /** Closes the sink. */
  readonly close: () => Promise<Answer>;
  /** The calls that were watched, so far. */
  readonly calls: () => Promise<readonly string[]>;
}

/** Asks until the answer is as wanted. */
export const until = async <A>(ask: () => Promise<A>, wanted: (answer: A) => boolean): Promise<A> => {
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    await setTimeout(20);
  }
};

const WATCHED = ['fsync', 'fdatasync', 'writev', 'write', 'ftruncate', 'rename'];
/** `fdatasync:error=EIO:when=1` → `fdatasync` */
const callOf = (rule: string): string => rule.replace(/:.*/, '');

const ROOT = join(__dirname, '../../..');

/**
 * Opens a file sink in a process of its own, for `use`.
 *
 * @param inject what strace does to it: `fdatasync:error=EIO:when=1`
 * @param only paths of files that this is about. Default: all
 * @param spools whether its files are to be sent on
 */
export const traced = async (
  settings: Readonly<Record<string, unknown>>,
  inject: readonly string[],
  only: readonly string[],
  use: (sink: TracedSink) => Promise<void>,
  spools = false,
): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'kahets-trace-'));
  const trace = join(folder, 'trace');
  const child = spawn(
    'strace',
    [
      ...['-f', '-qq', '-o', trace, '-e', `trace=${[...WATCHED, ...inject.map(callOf)].join(',')}`],
      ...inject.flatMap((rule) => ['-e', `inject=${rule}`]),
      ...only.flatMap((path) => ['-P', path]),
      ...[process.execPath, '-r', 'ts-node/register/transpile-only', join(__dirname, 'sinkProcess.ts')],
      JSON.stringify(settings),
      ...(spools ? ['spools'] : []),
    ],
    // With one thread `when` counts the calls of the process.
    { cwd: ROOT, env: { ...process.env, UV_THREADPOOL_SIZE: '1' }, stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Answer> => {
    const line = await lines.next();
    if (line.done === true) throw new Error('the process of the sink has ended');
    return JSON.parse(line.value) as Answer;
  };
  try {
    await answer();
    await use({
      write: (...orders) => {
        child.stdin.write(`${JSON.stringify(orders)}\n`);
        return answer();
      },
      files: () => {
        child.stdin.write('"files"\n');
        return answer();
      },
      close: () => {
        child.stdin.end();
        return answer();
      },
      // Of other calls than these there are many, of Node itself.
      calls: async () =>
        (await readFile(trace, 'utf8'))
          .split('\n')
          .filter((line) => /fsync|fdatasync|writev|ftruncate|rename/.test(line)),
    });
  } finally {
    // It ends by itself at the end of its input.
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true });
  }
};
