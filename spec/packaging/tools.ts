/** Programs of Debian's packages that the specs of the packaging ask. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export const PACKAGING = path.resolve(__dirname, '../../packaging');

const installed = (program: string): boolean =>
  (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(path.join(folder, program)));

/** Skipped where the program is not installed. */
export const describeWith = (program: string): jest.Describe => (installed(program) ? describe : describe.skip);

export interface Answer {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end, within half a minute. */
export const ask = (program: string, args: readonly string[], cwd?: string): Answer => {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...{ encoding: 'utf8', timeout: 30_000 },
    ...(cwd !== undefined && { cwd }),
    env: { ...process.env, SYSTEMD_COLORS: '0', NO_COLOR: '1' },
  });
  if (error) throw error;
  return { code: status, output: `${stdout}${stderr}` };
};
