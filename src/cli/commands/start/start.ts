import { writeSync } from 'node:fs';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { ReplaySubject } from 'rxjs';
import type { Configured } from '../../../control/configure';
import { createEnv } from '../../../control/createEnv';
import { createEnding } from '../../../control/ending';
import { tuneHeap } from '../../../control/heap';
import { createHeld, memoryMarks } from '../../../control/held';
import { runDaemon, type DaemonError } from '../../../control/lifecycle';
import { createLog, limitRepeats } from '../../../control/log';
import { createReloads } from '../../../control/reload';
import { acceptedSpool, createSpill } from '../../../control/spill';
import { watchSinks, type WatchedSinks } from '../../../control/status/watchSinks';
import { createUnsettled } from '../../../control/unsettled';
import { sinks } from '../../../sinks';
import { connectionLimit } from '../../../sources/connectionLimit';
import { ListenError } from '../../../sources/listenError';
import { unixSocket } from '../../../sources/unixSocket';
import { createAccepted } from '../../../spool/accepted';
import { createSpoolOwner } from '../../../spool/owner';
import type { CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { descriptorLimit, hasTerminal, openDescriptors } from './descriptors';
import { createInUse } from './inUse';
import { createMonitorFor } from './monitor';
import { createOutput } from './output';

const STDERR = 2;
/** Beside the compressions, so that a hung fsync or look-up holds up none of them. */
const SPARE_THREADS = 4;
/** Signals that stop a daemon which has no terminal to lose. */
const STOPS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT'];

/** Runs the daemon; resolves with its exit code when it has stopped. */
export const start = async (host: CommandHost): Promise<number> => {
  const watched = watchSinks(sinks, Date.now);
  const configure = (): E.Either<readonly string[], Configured> => host.configured({ kinds: watched.kinds });
  const configured = configure();
  if (E.isRight(configured)) return run(configured.right, configure, watched, host);
  host.err(`${configured.left.join('\n')}\n`);
  return EX.CONFIG;
};

const run = async (
  first: Configured,
  configure: () => E.Either<readonly string[], Configured>,
  watched: WatchedSinks,
  { process, version, packageFolder }: CommandHost,
): Promise<number> => {
  const { settings } = first;
  process.env['UV_THREADPOOL_SIZE'] ??= String(settings.maxCpus + SPARE_THREADS);
  const { plan, hide, consider, take } = createInUse(first);
  const out = await createOutput(process.stdout.isTTY);
  const monitor = await createMonitorFor(settings.http, {
    ...{ version, nodeVersion: process.version, hide, now: Date.now },
  });
  const log = limitRepeats(monitor.log(createLog(settings.logLevel, out, hide)));
  for (const warning of first.warnings) log.warn('configuration', { warning });

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
      emptyKeyOf: (bucket) => plan().emptyKeyOf(bucket),
      emptyKeyOfStream: (id) => plan().streams.find(({ config }) => config.id === id)?.config.emptyKey,
      now: Date.now,
    }),
    log,
    ledger: env.ledger,
    flush: out.flushSync,
    say: (text) => void writeSync(STDERR, text),
    release: owner.release,
    exit: (code) => process.exit(code),
  });
  const crash = (error: unknown): never =>
    ending.atOnce(EX.SOFTWARE, 'unexpected error', { error: error instanceof Error ? error.stack : String(error) });
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);

  const reloads = createReloads({
    ...{ log, now: env.now, reloaded: take },
    configure: () =>
      pipe(
        configure(),
        E.map((again) => consider(again, log)),
      ),
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
    ...{ version, pid: process.pid, hostname: env.hostname, socket: settings.socket },
    ...{ env, marks, memory, sinks: watched, streams: () => plan().streams, reloads: reloads.counts },
    pageFolder: path.join(packageFolder, 'dist/control/http/page'),
  })();
  if (E.isLeft(served)) return ending.atOnce(EX.CANTCREAT, 'cannot run', { reason: served.left });

  const result = await runDaemon({
    ...{ env, plan: first.plan, reloads, stop$, owner, highMarkBytes: marks.high },
    accepted: createAccepted({ folder: acceptedSpool(spool), claim: owner.claim, stop$, log }),
    source: (reading$, answered$) =>
      unixSocket({
        path: settings.socket,
        ...(settings.socketMode === undefined ? {} : { mode: settings.socketMode }),
        maxConnections: connectionLimit(descriptorLimit(), openDescriptors()),
        ...{ reading$, stop$, answered$, listening: monitor.listening, log },
      }),
    maxFrameBytes: settings.maxFrameBytes,
    frameTimeoutMs: settings.frameTimeoutMs,
    drainTimeoutMs: settings.drainTimeoutMs,
  })();
  await served.right();
  log.tellSuppressed();
  await out.drained();
  return E.isLeft(result)
    ? ending.atOnce(exitCodeOf(result.left), 'cannot run', { reason: reasonOf(result.left) })
    : ending.stopped(result.right.lost, { whole: EX.OK, lost: EX.SOFTWARE });
};

const reasonOf = (failure: DaemonError): string =>
  failure.kind === 'open' ? `${failure.error.sink}: ${failure.error.message}` : String(failure.error);

const exitCodeOf = (failure: DaemonError): number =>
  failure.kind === 'open' || failure.error instanceof ListenError ? EX.CANTCREAT : EX.SOFTWARE;
