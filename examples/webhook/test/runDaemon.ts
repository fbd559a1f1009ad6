/** The daemon as it is run: a process in a folder of its own, with the example's buckets.json. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createProducer, type Producer } from 'kahets/client';

const EXAMPLE = path.resolve(__dirname, '../..');
export const KAHETS = path.join(path.dirname(require.resolve('kahets/package.json')), 'dist/kahets.cjs');

/** How it is run, and what `type` names in its buckets.json then. */
export interface Way {
  readonly command: readonly string[];
  readonly type: string;
}

export interface RunningDaemon {
  readonly folder: string;
  readonly producer: Producer;
  /** Its exit code, and all that it wrote. */
  readonly stop: () => Promise<{ readonly code: unknown; readonly output: string }>;
}

/** @param named the `type` in the example's buckets.json */
export const runDaemon = (
  named: string,
  { command, type }: Way,
  env: Readonly<Record<string, string>>,
): RunningDaemon => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-example-'));
  const config = readFileSync(path.join(EXAMPLE, 'buckets.json'), 'utf8');
  writeFileSync(path.join(folder, 'buckets.json'), config.replace(`"${named}"`, JSON.stringify(type)));
  symlinkSync(path.join(EXAMPLE, 'dist'), path.join(folder, 'dist'));
  const socket = path.join(folder, 'kahets.sock');
  const child = spawn(process.execPath, command, {
    cwd: folder,
    env: { PATH: process.env['PATH'] ?? '', SOCKET: socket, ...env },
  });
  const ended = once(child, 'close');
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const producer = createProducer({ socket });
  return {
    folder,
    producer,
    stop: async () => {
      await producer.close();
      child.kill('SIGTERM');
      const [code] = (await ended) as readonly unknown[];
      rmSync(folder, { recursive: true });
      return { code, output };
    },
  };
};
