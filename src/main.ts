#!/usr/bin/env node
/** The process: arguments, environment, signals, exit code. Nothing else touches `process`. */
import { closeSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parse } from 'dotenv';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import type { PrettyStream } from 'pino-pretty';
import { fromEvent, merge, ReplaySubject, share, take } from 'rxjs';
import { createCommandHost } from './cli/commandHost';
import { commandEnvironment } from './cli/environment';
import { EX } from './cli/exitCodes';
import { runProgram, type ReplayRequest } from './cli/program';
import { replay } from './cli/replay';
import { envFileName, type Environment, type HttpSettings, type Settings } from './config/env';
import { hideIn } from './config/secrets';
import { configure, type Configured } from './control/configure';
import { createEnv } from './control/createEnv';
import { createEnding } from './control/ending';
import { tuneHeap } from './control/heap';
import { createHeld, memoryMarks } from './control/held';
import { runDaemon, type DaemonError } from './control/lifecycle';
import { createLog, limitRepeats } from './control/log';
import { createLogOutput } from './control/logOutput';
import { unmonitored, type Monitor } from './control/monitor';
import { createReloads } from './control/reload';
import { acceptedSpool, createSpill } from './control/spill';
import { watchSinks, type WatchedSinks } from './control/status/watchSinks';
import { createUnsettled } from './control/unsettled';
import { sinks } from './sinks';
import { createAccepted } from './spool/accepted';
import { connectionLimit } from './sources/connectionLimit';
import { ListenError } from './sources/listenError';
import { unixSocket } from './sources/unixSocket';
import { createSpoolOwner } from './spool/owner';

const SIGNALS = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'] as const;
/** Signals that stop a daemon which has no terminal to lose. */
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

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

/** Descriptors this process may open. */
const descriptorLimit = (): number => {
  const limits = read('/proc/self/limits');
  const [, soft = '1024'] = E.isRight(limits) ? (/^Max open files\s+(\d+)/m.exec(limits.right) ?? []) : [];
  return Number(soft);
};

/** Whether a terminal controls this process: where it hangs up, SIGHUP ends it, as ever. */
const hasTerminal = (): boolean => {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
};

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

const configuredBy = (environment: Environment, kinds = sinks): E.Either<readonly string[], Configured> => {
  const envFile = read(envFileName(environment));
  return configure({
    environment,
    envFile: E.isRight(envFile) ? parse(envFile.right) : {},
    kinds,
    read,
  });
};

const start = async (environment: Environment): Promise<number> => {
  const watched = watchSinks(sinks, Date.now);
  const configureNow = (): E.Either<readonly string[], Configured> => configuredBy(environment, watched.kinds);
  const configured = configureNow();
  if (E.isLeft(configured)) {
    process.stderr.write(`${configured.left.join('\n')}\n`);
    return EX.CONFIG;
  }
  return run(configured.right, configureNow, watched);
};

const STDOUT = 1;

/** What serves HTTP is loaded where it is asked for. */
const monitorFor = async (settings: HttpSettings, hide: (text: string) => string): Promise<Monitor> => {
  const { createMonitor } = await import('./control/http/createMonitor.js');
  return createMonitor({ settings, version: version(), nodeVersion: process.version, hide, now: Date.now });
};

/** Lines for people. A service starts without the package that makes them. */
const terminalOutput = async (): Promise<PrettyStream> => {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ sync: true, singleLine: true });
};

const run = async (
  { settings, plan: firstPlan, warnings, secrets: firstSecrets }: Configured,
  configureAgain: () => E.Either<readonly string[], Configured>,
  watched: WatchedSinks,
): Promise<number> => {
  let plan = firstPlan;
  let secrets = firstSecrets;
  let hide = hideIn(secrets);
  // Room beside the compressions, so that a hung fsync or look-up holds up none of them.
  process.env['UV_THREADPOOL_SIZE'] ??= String(settings.maxCpus + 4);
  const out = process.stdout.isTTY ? await terminalOutput() : createLogOutput(STDOUT);
  const show = (text: string): string => hide(text);
  const monitor = settings.http ? await monitorFor(settings.http, show) : unmonitored;
  const log = limitRepeats(monitor.log(createLog(settings.logLevel, out, show)));
  for (const warning of warnings) log.warn('configuration', { warning });

  const marks = memoryMarks(settings.maxMemoryBytes);
  const unsettled = createUnsettled();
  const memory = (): number => process.memoryUsage.rss();
  const plain = createEnv({
    ...{ log, maxCpus: settings.maxCpus, maxBuckets: marks.maxBuckets },
    held: createHeld({
      ...marks,
      process: { memory, limit: marks.limit, relieve: tuneHeap(() => performance.now(), marks) },
    }),
    unsettled: unsettled.unsettled,
  });
  const env = { ...plain, ledger: monitor.ledger(plain.ledger) };

  const spool = path.resolve(settings.spool);
  const owner = createSpoolOwner(spool, env);
  const ending = createEnding({
    spill: createSpill({
      folder: spool,
      unsettled,
      emptyKeyOf: (bucket) => plan.emptyKeyOf(bucket),
      emptyKeyOfStream: (id) => plan.streams.find(({ config }) => config.id === id)?.config.emptyKey,
      now: Date.now,
    }),
    log,
    ledger: env.ledger,
    flush: () => {
      if ('flushSync' in out) out.flushSync();
    },
    say: (text) => void writeSync(2, text),
    release: owner.release,
    exit: (code) => process.exit(code),
  });
  const crash = (error: unknown): never =>
    ending.atOnce(EX.SOFTWARE, 'unexpected error', { error: error instanceof Error ? error.stack : String(error) });
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  const reloads = createReloads({
    log,
    now: env.now,
    configure: () =>
      pipe(
        configureAgain(),
        E.map((again) => {
          // What is being drained may still show what was secret before.
          secrets = new Map([...secrets, ...again.secrets]);
          hide = hideIn(secrets);
          for (const warning of again.warnings) log.warn('configuration', { warning });
          const changed = changedNames(settings, again.settings);
          if (changed.length > 0) log.warn('settings of the environment change with the next start', { changed });
          return again.plan;
        }),
      ),
    reloaded: (now) => {
      plan = now;
    },
  });
  const stop$ = new ReplaySubject<NodeJS.Signals>(1);
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) ending.atOnce(EX.KILLED, 'ended at once', { signal });
    stopping = true;
    monitor.stopping();
    log.info('stopping', { signal, drainTimeoutMs: settings.drainTimeoutMs });
    stop$.next(signal);
  };
  for (const signal of STOPS) process.on(signal, onSignal);
  process.on('SIGHUP', hasTerminal() ? onSignal : reloads.request);

  const served = await monitor.serve({
    ...{ version: version(), pid: process.pid, hostname: env.hostname, socket: settings.socket },
    ...{ env, marks, memory, sinks: watched, streams: () => plan.streams, reloads: reloads.counts },
    pageFolder: path.join(__dirname, 'control/http/page'),
  })();
  if (E.isLeft(served)) return ending.atOnce(EX.CANTCREAT, 'cannot run', { reason: served.left });

  const accepted = createAccepted({ folder: acceptedSpool(spool), claim: owner.claim, stop$, log });
  const result = await runDaemon({
    env,
    accepted,
    plan,
    reloads,
    stop$,
    source: (reading$) =>
      unixSocket({
        path: settings.socket,
        ...(settings.socketMode === undefined ? {} : { mode: settings.socketMode }),
        maxConnections: connectionLimit(descriptorLimit(), openDescriptors()),
        reading$,
        stop$,
        listening: monitor.listening,
        log,
      }),
    maxFrameBytes: settings.maxFrameBytes,
    frameTimeoutMs: settings.frameTimeoutMs,
    drainTimeoutMs: settings.drainTimeoutMs,
    highMarkBytes: marks.high,
    owner,
  })();
  await served.right();
  log.tellSuppressed();
  if ('drained' in out) await out.drained();
  return E.isLeft(result)
    ? ending.atOnce(exitCodeOf(result.left), 'cannot run', { reason: reasonOf(result.left) })
    : ending.stopped(result.right.lost, { whole: EX.OK, lost: EX.SOFTWARE });
};

const changedNames = (before: Settings, after: Settings): readonly string[] =>
  Object.entries(after).flatMap(([name, value]) =>
    isDeepStrictEqual(value, Object.entries(before).find(([other]) => other === name)?.[1]) ? [] : [name],
  );

const reasonOf = (failure: DaemonError): string =>
  failure.kind === 'open' ? `${failure.error.sink}: ${failure.error.message}` : String(failure.error);

const exitCodeOf = (failure: DaemonError): number =>
  failure.kind === 'open' || failure.error instanceof ListenError ? EX.CANTCREAT : EX.SOFTWARE;

/** Writes to standard output and standard error. */
const out = (text: string): void => void process.stdout.write(text);
const err = (text: string): void => void process.stderr.write(text);

/** The first signal while somebody waits for one; the second then ends the process as ever. */
const interrupted$ = merge(...SIGNALS.map((signal) => fromEvent(process, signal))).pipe(
  take(1),
  share({ connector: () => new ReplaySubject(1), resetOnComplete: false }),
);

const runReplay = (request: ReplayRequest, environment: Environment): Promise<number> => {
  const interrupted$ = new ReplaySubject<NodeJS.Signals>(1);
  let interrupted = false;
  for (const signal of SIGNALS)
    process.on(signal, () => {
      // What is sent stands in the progress of its file.
      if (interrupted) process.exit(EX.UNAVAILABLE);
      interrupted = true;
      interrupted$.next(signal);
    });
  return replay(request, {
    configured: configuredBy(environment),
    ...{ out, err, interrupted$ },
    terminal: process.stderr.isTTY ? process.stderr : undefined,
    environment: commandEnvironment,
  });
};

const main = (args: readonly string[], environment: Environment): Promise<number> =>
  runProgram(args, {
    version: version(),
    host: createCommandHost({
      ...{ out, err, environment, interrupted$ },
      stdin: () => process.stdin,
      stdout: () => process.stdout,
      terminal: () => (process.stderr.isTTY ? process.stderr : undefined),
      cwd: process.cwd(),
      packageFolder: path.join(__dirname, '..'),
    }),
    start: () => start(environment),
    replay: (request) => runReplay(request, environment),
  });

void main(process.argv.slice(2), process.env).then((code) => {
  process.exitCode = code;
});
