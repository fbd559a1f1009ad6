import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type { Either } from 'fp-ts/Either';
import type { Observable } from 'rxjs';
import type { Environment, Settings } from '../config/env';
import { problemLines, type PlacedProblem } from '../config/report';
import type { Configured } from '../control/configure';
import type { Env, SinkKind } from '../model';
import { EX } from './exitCodes';

/** What a command takes from its process. Nothing is read before it is asked for. */
export interface CommandHost {
  /** Standard output and standard error, for lines. */
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly stdin: () => Readable;
  /** Standard output, for what is long. */
  readonly stdout: () => Writable;
  /** Standard error, where it is a terminal. */
  readonly terminal: () => NodeJS.WritableStream | undefined;
  /** Variables of the process. */
  readonly environment: Environment;
  /** What the environment and the env file say. Left: lines for people. */
  readonly settings: () => Either<readonly string[], Settings>;
  /** Path of `buckets.json`. */
  readonly bucketsFile: () => string;
  /** The whole configuration. Left: all that is wrong with it. */
  readonly configured: (given?: ConfiguredBy) => Either<readonly PlacedProblem[], Configured>;
  /** The environment of a stream, whose log goes line by line to `write`. */
  readonly streamEnvironment: (configured: Configured, write: (line: string) => void) => Env;
  /** Emits when somebody wants an end, also to who subscribes later. */
  readonly interrupted$: Observable<unknown>;
  readonly cwd: string;
  /** The folder of the package, with the samples that it brings along. */
  readonly packageFolder: string;
  readonly version: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** The process that a daemon runs in. */
  readonly process: DaemonProcess;
}

/** What a configuration is read with in place of the usual. */
export interface ConfiguredBy {
  /** Path of a `buckets.json`. Default: as `BUCKETS_FILE` says. */
  readonly bucketsFile?: string | undefined;
  /** Default: those of the package. */
  readonly kinds?: Readonly<Record<string, SinkKind>>;
  /** What sinks of the user's modules are seen through. Default: nothing. */
  readonly watch?: (kind: SinkKind) => SinkKind;
}

/** What a daemon, or a command, does with its process. */
export type DaemonProcess = Pick<
  NodeJS.Process,
  'env' | 'exit' | 'hrtime' | 'kill' | 'memoryUsage' | 'on' | 'pid' | 'stdout' | 'version'
>;

/** Adds a command to `program`; `ended` takes its exit code. Its work is loaded when it runs: the daemon starts sooner. */
export type AddCommand = (program: Command, host: CommandHost, ended: (code: number) => void) => void;

/** How a command ended, with what is wrong, for people. */
export interface CommandEnd {
  readonly code: number;
  readonly problems: readonly string[];
}

export interface CommandHelp {
  /** What the options do not say. Default: nothing. */
  readonly about?: string;
  readonly examples: readonly (readonly [command: string, does: string])[];
  readonly exitCodes: Readonly<Record<number, string>>;
}

const column = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
};

/** What stands below the options of a command: in words, examples, exit codes. */
export const helpText = ({ about, examples, exitCodes }: CommandHelp): string =>
  [
    ...(about === undefined ? [] : ['', about.trim()]),
    ...['', 'Examples:', column(examples)],
    ...['', 'Exit codes:', column(Object.entries(exitCodes))],
  ].join('\n');

/** Says what is wrong, a line each, and returns the exit code. */
export const tell = (err: (text: string) => void, { code, problems }: CommandEnd): number => {
  err(problems.map((problem) => `kahets: ${problem}\n`).join(''));
  return code;
};

/** Says what is wrong with the configuration, a line each, and returns the exit code. */
export const tellMisconfigured = (err: (text: string) => void, problems: readonly PlacedProblem[]): number => {
  err(`${problemLines(problems).join('\n')}\n`);
  return EX.CONFIG;
};
