/** Peers that read lines: daemons that are there when their socket is, and end with the bench. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { endWithUs } from './children';
import { outputFolder } from './files';
import { programOf, whyMissing, type Packaged, type Program } from './packages';
import type { Run, Running, Server } from './subject';

const START_TIMEOUT_MS = 10_000;

export interface LinePeer {
  readonly name: string;
  readonly packaged: Packaged;
  /** The text of its configuration. */
  readonly config: (run: Run, socket: string) => string;
  /** Where its configuration, its modules and files of its own are. */
  readonly args: (configFile: string, modules: string, file: (name: string) => string) => readonly string[];
}

/** Starts the program and waits for its socket. */
const startProgram = async (
  { command, env }: Program,
  args: readonly string[],
  socket: string,
): Promise<Pick<Running, 'pid' | 'stop'>> => {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'] });
  const forget = endWithUs(() => child.kill('SIGKILL'));
  const over = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    forget();
    child.kill('SIGKILL');
    if (!over()) await once(child, 'exit');
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!existsSync(socket)) {
    if (over() || Date.now() > deadline) {
      await stop();
      throw new Error(`${command} made no socket${over() ? '; it has ended' : ` in ${START_TIMEOUT_MS} ms`}`);
    }
    await sleep(20);
  }
  return { pid: child.pid ?? 0, stop };
};

/** With several topics each line begins with its own. */
const prefixes = ({ topics }: Run): readonly string[] =>
  topics.length === 1 ? [''] : topics.map((topic) => `${topic} `);

export const linePeer = ({ name, packaged, config, args }: LinePeer): Server => ({
  name,
  missing: () => whyMissing(packaged),
  start: async (run) => {
    const program = programOf(packaged);
    const file = (fileName: string): string => path.join(run.folder, fileName);
    const [socket, configFile] = [file('peer.sock'), file('peer.conf')];
    await mkdir(outputFolder(run.folder));
    await writeFile(configFile, config(run, socket));
    return {
      ...(await startProgram(program, args(configFile, program.modules, file), socket)),
      socket,
      framing: { kind: 'line', prefixes: prefixes(run) },
      fileBytes: run.shape.messageBytes + 1,
    };
  },
});
