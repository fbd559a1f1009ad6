#!/usr/bin/env node
/** The process: arguments, environment, signals, exit code. Nothing else touches `process`. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fromEvent, merge, ReplaySubject, share, take } from 'rxjs';
import { createCommandHost } from './cli/commandHost';
import { runProgram } from './cli/program';

const packageFolder = path.join(__dirname, '..');

const version = (): string => {
  const { version: found } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  return found;
};

/** The first signal while somebody waits for one; the second then ends the process as ever. */
const interrupted$ = merge(
  ...['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'].map((signal) => fromEvent(process, signal)),
).pipe(take(1), share({ connector: () => new ReplaySubject(1), resetOnComplete: false }));

/** Who reads may have enough before all is written (`| head`): nothing is said of it. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const host = createCommandHost({
  ...{ process, packageFolder, interrupted$, version: version(), environment: process.env, cwd: process.cwd() },
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  stdin: () => process.stdin,
  stdout: () => process.stdout,
  terminal: () => (process.stderr.isTTY ? process.stderr : undefined),
});

void runProgram(process.argv.slice(2), host).then((code) => {
  process.exitCode = code;
});
