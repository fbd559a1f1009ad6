import { spawnSync } from 'node:child_process';

/** A case of a suite in another language. */
export interface ForeignCase {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** What is wrong with it, where the suite says that case by case. */
  readonly why?: string;
}

export interface ForeignSuite {
  readonly cases: readonly ForeignCase[];
  /** Whether the suite says of itself that it passed. */
  readonly passed: boolean;
  readonly output: string;
}

/** Runs a suite to its end; `parse` finds its cases in what it says. */
export const runSuite = (
  command: string,
  args: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
  parse: (output: string) => readonly ForeignCase[],
): ForeignSuite => {
  const { PATH = '', HOME = '' } = process.env;
  const { status, stdout, stderr } = spawnSync(command, args, {
    ...{ cwd: options.cwd, env: { PATH, HOME, ...options.env }, encoding: 'utf8', timeout: 120_000 },
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${stdout}${stderr}`;
  return { cases: parse(output), passed: status === 0, output };
};

/** Makes each case of a suite a case of ours, so that it is counted, and shows what was said where one failed. */
export const describeSuite = (title: string, { cases, passed, output }: ForeignSuite): void => {
  describe(title, () => {
    for (const { name, outcome, why = output } of cases)
      (outcome === 'skipped' ? it.skip : it)(name, () => {
        if (outcome === 'failed') throw new Error(why);
      });
    it('runs to its end', () => {
      if (!passed || cases.length === 0) throw new Error(output);
    });
  });
};

/** What `command` says of its version; undefined: it is not here. */
export const versionOf = (command: string, ...args: readonly string[]): string | undefined => {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
};

/** Whether Go is here, and has log/slog. */
export const hasGo = (): boolean => {
  const [, minor = '0'] = /go1\.(\d+)/.exec(versionOf('go', 'version') ?? '') ?? [];
  return Number(minor) >= 21;
};

export const hasPhp = (): boolean => versionOf('php', '--version') !== undefined;

export const hasPython = (): boolean => versionOf('python3', '--version') !== undefined;
