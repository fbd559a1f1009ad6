/** A peer's daemon: started, there when its socket is, ended with the bench. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { endWithUs } from './children';
import type { Program } from './packages';

const START_TIMEOUT_MS = 10_000;

export interface Started {
  readonly pid: number;
  readonly stop: () => Promise<void>;
}

/** Starts the program and waits for its socket. */
export const startPeer = async (program: Program, args: readonly string[], socket: string): Promise<Started> => {
  const child = spawn(program.command, args, {
    env: { ...process.env, ...program.env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = endWithUs(() => child.kill('SIGKILL'));
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    ended();
    child.kill('SIGKILL');
    if (!over()) await once(child, 'exit');
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(socket)) {
    if (over() || Date.now() > deadline) {
      await stop();
      throw new Error(`${program.command} made no socket${over() ? '; it has ended' : ` in ${START_TIMEOUT_MS} ms`}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { pid: child.pid ?? 0, stop };
};
