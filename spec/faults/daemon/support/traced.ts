/** The daemon under strace, which makes calls of it fail. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import { MAIN, type Daemon, type Ended } from '../../../support/daemon';
import type { FaultContext } from '../../faultCase';
import { childrenOf } from './children';
import { startIn } from './scene';

export interface TracedDaemon {
  readonly socket: string;
  readonly waitForLog: Daemon['waitForLog'];
  /** The daemon itself, not strace. */
  readonly pid: number;
  readonly stop: () => Promise<Ended>;
  /** How many calls were made to fail. */
  readonly injected: () => Promise<number>;
}

/**
 * @param calls those that fail, for strace: `write,writev`
 * @param how how and which of them, for strace: `error=EIO:when=3..5`
 * @param files only calls on these fail
 */
export const startTraced = async (
  context: FaultContext,
  buckets: unknown,
  { calls, how, files }: { readonly calls: string; readonly how: string; readonly files: readonly string[] },
): Promise<TracedDaemon> => {
  const trace = path.join(context.folder, 'trace');
  const strace = await startIn(context, {
    buckets,
    command: [
      // With one thread `when` counts the calls of the process.
      ...(['env', 'UV_THREADPOOL_SIZE=1', 'strace', '-f', '-qq', '-o', trace] as const),
      ...['-e', `trace=${calls}`, '-e', `inject=${calls}:${how}`],
      ...files.flatMap((file) => ['-P', file]),
      ...[process.execPath, MAIN, 'start'],
    ],
  });
  const [pid = 0] = childrenOf(strace.pid);
  // A strace that is killed leaves it behind.
  context.atEnd(() => {
    try {
      kill(pid, 'SIGKILL');
    } catch {
      // It has ended.
    }
  });
  return {
    socket: strace.socket,
    waitForLog: strace.waitForLog,
    pid,
    stop: () => {
      // strace passes no signals on.
      kill(pid, 'SIGTERM');
      return strace.ended;
    },
    injected: async () =>
      (await readFile(trace, 'utf8')).split('\n').filter((line) => line.includes('INJECTED')).length,
  };
};
