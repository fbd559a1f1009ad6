import { writeSync } from 'node:fs';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { problemLines } from '../../../config/report';
import type { Configured } from '../../../control/configure';
import { assembleDaemon } from '../../../control/daemon';
import { failureOf } from '../../../control/failureOf';
import { createInUse } from '../../../control/inUse';
import { listenAt } from '../../../control/listenAt';
import { createLog, limitRepeats } from '../../../control/log';
import type { Read } from '../../../control/reload';
import { watchSinks, type WatchedSinks } from '../../../control/status/watchSinks';
import { sinks } from '../../../sinks';
import { connectionLimit } from '../../../sources/connectionLimit';
import { descriptorLimit, openDescriptors } from '../../../sources/descriptors';
import type { PassedSocket } from '../../../sources/passedSocket';
import type { CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { endingFor } from './endingFor';
import { createMonitorFor } from './monitor';
import { createOutput } from './output';
import { onSignals } from './signals';
import { supervise } from './supervise';
import { takePassedSocket } from './takePassedSocket';

/** Beside the compressions, so that a hung fsync or look-up holds up none of them. */
const SPARE_THREADS = 4;
const STDERR = 2;

/** Runs the daemon; resolves with its exit code when it has stopped. */
export const start = async (host: CommandHost): Promise<number> => {
  const watched = watchSinks(sinks, Date.now);
  const configure = (): ReturnType<Read<Configured>> => host.configured({ kinds: watched.kinds, watch: watched.watch });
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
  configured: Configured,
  passed: PassedSocket | undefined,
  configure: Read<Configured>,
  watched: WatchedSinks,
  { process, version, packageFolder }: CommandHost,
): Promise<number> => {
  const { settings } = configured;
  process.env['UV_THREADPOOL_SIZE'] ??= String(settings.maxCpus + SPARE_THREADS);
  const inUse = createInUse(configured);
  const { plan, hide } = inUse;
  const out = await createOutput(process.stdout.isTTY);
  const monitor = await createMonitorFor(settings.http, {
    ...{ version, nodeVersion: process.version, hide, now: Date.now },
  });
  const log = limitRepeats(monitor.log(createLog(settings.logLevel, out, hide)));
  const memory = (): number => process.memoryUsage.rss();
  const supervisor = supervise(process, {
    ...{ drainTimeoutMs: settings.drainTimeoutMs, rows: () => env.ledger.rows(), log },
  });
  const { env, marks, reloads, ending, ...daemon } = assembleDaemon({
    ...{ configured, configure, inUse, log, memory, tunesHeap: true, watch: monitor.ledger },
    ...{ began: supervisor.reloading, ended: supervisor.reloaded, flush: out.flushSync },
    say: (text) => void writeSync(STDERR, text),
  });
  const end = endingFor(process, ending);

  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) end.atOnce(EX.KILLED, 'ended at once', { signal });
    stopping = true;
    monitor.stopping();
    supervisor.stopping();
    log.info('stopping', { signal, drainTimeoutMs: settings.drainTimeoutMs });
    daemon.stop();
  };
  onSignals(process, { stop: onSignal, reload: () => void reloads.request() });

  const { place, sources } = listenAt(settings, {
    ...{ passed, log, maxConnections: connectionLimit(descriptorLimit(), openDescriptors()) },
    listening: (open) => {
      monitor.listening(open);
      supervisor.listening(place);
    },
  });
  const served = await monitor.serve({
    ...{ version, pid: process.pid, hostname: env.hostname, socket: place },
    ...{ env, marks, memory, sinks: watched, streams: () => plan().streams, reloads: reloads.counts },
    pageFolder: path.join(packageFolder, 'dist/control/http/page'),
  })();
  if (E.isLeft(served)) return end.atOnce(EX.CANTCREAT, 'cannot run', { reason: served.left });

  const result = await daemon.run(sources)();
  await served.right();
  log.tellSuppressed();
  await out.drained();
  if (E.isRight(result)) return end.stopped(result.right.lost);
  const { reason, message } = failureOf(result.left);
  return end.atOnce(reason === 'unexpected' ? EX.SOFTWARE : EX.CANTCREAT, 'cannot run', { reason: message });
};
