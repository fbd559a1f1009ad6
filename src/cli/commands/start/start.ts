import path from 'node:path';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { ReplaySubject } from 'rxjs';
import { problemLines, type PlacedProblem } from '../../../config/report';
import type { Configured } from '../../../control/configure';
import { createEnv } from '../../../control/createEnv';
import { tuneHeap } from '../../../control/heap';
import { createHeld, memoryMarks } from '../../../control/held';
import { runDaemon, type DaemonError } from '../../../control/lifecycle';
import { createLog, limitRepeats } from '../../../control/log';
import { createReloads } from '../../../control/reload';
import { acceptedSpool } from '../../../control/spill';
import { watchSinks, type WatchedSinks } from '../../../control/status/watchSinks';
import { createUnsettled } from '../../../control/unsettled';
import { sinks } from '../../../sinks';
import { connectionLimit } from '../../../sources/connectionLimit';
import { ListenError } from '../../../sources/listenError';
import type { PassedSocket } from '../../../sources/passedSocket';
import { unixSocket } from '../../../sources/unixSocket';
import { createAccepted } from '../../../spool/accepted';
import { createSpoolOwner } from '../../../spool/owner';
import type { CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { descriptorLimit, openDescriptors } from './descriptors';
import { endingFor } from './endingFor';
import { createInUse } from './inUse';
import { listenAt, takePassedSocket } from './listenAt';
import { createMonitorFor } from './monitor';
import { createOutput } from './output';
import { onSignals } from './signals';
import { supervise } from './supervise';

/** Beside the compressions, so that a hung fsync or look-up holds up none of them. */
const SPARE_THREADS = 4;

/** Runs the daemon; resolves with its exit code when it has stopped. */
export const start = async (host: CommandHost): Promise<number> => {
  const watched = watchSinks(sinks, Date.now);
  const configure = (): E.Either<readonly PlacedProblem[], Configured> => host.configured({ kinds: watched.kinds });
  const configured = configure();
  const passed = takePassedSocket(host.process);
  if (E.isRight(configured) && E.isRight(passed)) return run(configured.right, passed.right, configure, watched, host);
  const problems = [pipe(configured, E.mapLeft(problemLines)), passed].flatMap((result) =>
    E.isLeft(result) ? result.left : [],
  );
  host.err(`${problems.join('\n')}\n`);
  return EX.CONFIG;
};

const run = async (
  first: Configured,
  passed: PassedSocket | undefined,
  configure: () => E.Either<readonly PlacedProblem[], Configured>,
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
  for (const warning of problemLines(first.warnings)) log.warn('configuration', { warning });

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
  const ending = endingFor(process, {
    ...{ spool, plan, out, unsettled, log, ledger: env.ledger, release: owner.release },
  });
  const supervisor = supervise(process, {
    ...{ drainTimeoutMs: settings.drainTimeoutMs, rows: () => env.ledger.rows(), log },
  });

  const reloads = createReloads({
    ...{ log, now: env.now, reloaded: take, began: supervisor.reloading, ended: supervisor.reloaded },
    configure: () =>
      pipe(
        configure(),
        E.bimap(problemLines, (again) => consider(again, log)),
      ),
  });
  const stop$ = new ReplaySubject<NodeJS.Signals>(1);
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) ending.atOnce(EX.KILLED, 'ended at once', { signal });
    stopping = true;
    monitor.stopping();
    supervisor.stopping();
    log.info('stopping', { signal, drainTimeoutMs: settings.drainTimeoutMs });
    stop$.next(signal);
  };
  onSignals(process, { stop: onSignal, reload: reloads.request });

  const place = listenAt(settings, passed, log);
  const served = await monitor.serve({
    ...{ version, pid: process.pid, hostname: env.hostname, socket: place.path },
    ...{ env, marks, memory, sinks: watched, streams: () => plan().streams, reloads: reloads.counts },
    pageFolder: path.join(packageFolder, 'dist/control/http/page'),
  })();
  if (E.isLeft(served)) return ending.atOnce(EX.CANTCREAT, 'cannot run', { reason: served.left });

  const result = await runDaemon({
    ...{ env, plan: first.plan, reloads, stop$, owner, highMarkBytes: marks.high },
    accepted: createAccepted({ folder: acceptedSpool(spool), claim: owner.claim, stop$, log }),
    source: (reading$, answered$) =>
      unixSocket({
        ...place,
        maxConnections: connectionLimit(descriptorLimit(), openDescriptors()),
        ...{ reading$, stop$, answered$, log },
        listening: (open) => {
          monitor.listening(open);
          supervisor.listening(place.path);
        },
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
