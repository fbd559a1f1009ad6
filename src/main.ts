#!/usr/bin/env node
/** The process: arguments, environment, signals, exit code. Nothing else touches `process`. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { parse } from 'dotenv';
import * as E from 'fp-ts/Either';
import { pino } from 'pino';
import pretty from 'pino-pretty';
import { asyncScheduler, ReplaySubject } from 'rxjs';
import { envFileName, type Environment } from './config/env';
import { hideIn } from './config/secrets';
import { configure, type Configured } from './control/configure';
import { createHeld, memoryMarks } from './control/held';
import { createLedger } from './control/ledger';
import { runDaemon, type DaemonError } from './control/lifecycle';
import { createLog, limitRepeats } from './control/log';
import { createSlots } from './control/slots';
import { createUnsettled } from './control/unsettled';
import type { Env } from './model';
import { sinks } from './sinks';
import { ListenError } from './sources/listenError';
import { unixSocket } from './sources/unixSocket';

/** Exit codes of sysexits.h. */
const EX = { OK: 0, KILLED: 1, USAGE: 64, SOFTWARE: 70, CANTCREAT: 73, CONFIG: 78 } as const;

const USAGE = `Usage: kahets [start]

Takes framed messages over a UNIX socket, batches them by bucket and sends them to Kafka or files.

Reads .env.{environment}.local (environment: dev) and buckets.json in the working directory.
Stops on SIGTERM, SIGINT, SIGQUIT or SIGHUP when all messages are delivered; a second signal ends it at once.

  -h, --help     this text
  -v, --version  the version
`;

const read = (file: string): E.Either<string, string> =>
  E.tryCatch(
    () => readFileSync(file, 'utf8'),
    (error) => `expected a file that can be read, got ${error instanceof Error ? error.message : String(error)}`,
  );

const version = (): string => {
  const { version: found } = JSON.parse(readFileSync(path.join(__dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  return found;
};

/** Descriptors this process may open; half of them leave room for files, brokers and the rest. */
const maxConnections = (): number => {
  const limits = read('/proc/self/limits');
  const [, soft = '1024'] = E.isRight(limits) ? (/^Max open files\s+(\d+)/m.exec(limits.right) ?? []) : [];
  return Math.max(1, Number(soft) - Math.min(512, Math.floor(Number(soft) / 2)));
};

const start = async (environment: Environment): Promise<number> => {
  const envFile = read(envFileName(environment));
  const configured = configure({
    environment,
    envFile: E.isRight(envFile) ? parse(envFile.right) : {},
    kinds: sinks,
    read,
  });
  if (E.isLeft(configured)) {
    process.stderr.write(`${configured.left.join('\n')}\n`);
    return EX.CONFIG;
  }
  return run(configured.right);
};

/**
 * How far V8 lets the heap grow between two full collections. What is read lies outside the heap but counts as part of it: with
 * V8's own measure for a heap as small as ours, held messages cause a full collection every few milliseconds (docs/decisions/0005).
 */
const HEAP_GROWING_PERCENT = 200;

const run = async ({ settings, plan, warnings, secrets }: Configured): Promise<number> => {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`);
  // Room beside the compressions, so that a hung fsync or look-up holds up none of them.
  process.env['UV_THREADPOOL_SIZE'] ??= String(settings.maxCpus + 4);
  const out = process.stdout.isTTY
    ? pretty({ sync: true, singleLine: true })
    : pino.destination({ dest: 1, sync: false });
  const log = limitRepeats(createLog(settings.logLevel, out, hideIn(secrets)));
  for (const warning of warnings) log.warn('configuration', { warning });

  const marks = memoryMarks(settings.maxMemoryBytes);
  const env: Env = {
    name: 'kahets',
    hostname: hostname(),
    scheduler: asyncScheduler,
    now: Date.now,
    random: Math.random,
    log,
    ledger: createLedger(),
    held: createHeld(marks),
    unsettled: createUnsettled().unsettled,
    memory: () => process.memoryUsage.rss(),
    compressions: createSlots(settings.maxCpus - 1),
  };

  const end = (code: number): never => {
    if ('flushSync' in out) out.flushSync();
    process.exit(code);
  };
  process.on('uncaughtException', (error) => {
    log.fatal('unexpected error', { error: error.stack, ledger: env.ledger.rows() });
    end(EX.SOFTWARE);
  });

  const stop$ = new ReplaySubject<NodeJS.Signals>(1);
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) {
      log.fatal('ended at once: what is held is lost', { signal, ledger: env.ledger.rows() });
      end(EX.KILLED);
    }
    stopping = true;
    log.info('stopping', { signal, drainTimeoutMs: settings.drainTimeoutMs });
    stop$.next(signal);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const) process.on(signal, onSignal);

  const result = await runDaemon({
    env,
    plan,
    stop$,
    source: (reading$) =>
      unixSocket({
        path: settings.socket,
        ...(settings.socketMode === undefined ? {} : { mode: settings.socketMode }),
        maxConnections: maxConnections(),
        reading$,
        stop$,
        log,
      }),
    maxFrameBytes: settings.maxFrameBytes,
    frameTimeoutMs: settings.frameTimeoutMs,
    drainTimeoutMs: settings.drainTimeoutMs,
    highMarkBytes: marks.high,
  })();
  if (E.isLeft(result)) {
    log.fatal('cannot run', { reason: reasonOf(result.left), ledger: env.ledger.rows() });
    return end(exitCodeOf(result.left));
  }
  const ledger = env.ledger.rows();
  const lost = ledger.reduce((sum, { held }) => sum + held, 0);
  if (lost > 0) log.error('held messages are lost: a sink did not give up in time', { lost });
  log.info('stopped', { ledger });
  return end(lost > 0 ? EX.SOFTWARE : EX.OK);
};

const reasonOf = (failure: DaemonError): string =>
  failure.kind === 'open' ? `${failure.error.sink}: ${failure.error.message}` : String(failure.error);

const exitCodeOf = (failure: DaemonError): number =>
  failure.kind === 'open' || failure.error instanceof ListenError ? EX.CANTCREAT : EX.SOFTWARE;

const main = async (args: readonly string[], environment: Environment): Promise<number> => {
  const [command = 'start', ...rest] = args;
  if (command === '-h' || command === '--help') {
    process.stdout.write(USAGE);
    return EX.OK;
  }
  if (command === '-v' || command === '--version') {
    process.stdout.write(`${version()}\n`);
    return EX.OK;
  }
  if (command !== 'start' || rest.length > 0) {
    process.stderr.write(`kahets: expected start, --help or --version, got ${args.join(' ')}\n\n${USAGE}`);
    return EX.USAGE;
  }
  return start(environment);
};

void main(process.argv.slice(2), process.env).then((code) => {
  process.exitCode = code;
});
