import { writeSync } from 'node:fs';
import * as E from 'fp-ts/Either';
import { Subject } from 'rxjs';
import type { Settled, Source } from '../model';
import { deferred } from '../pipelines/deferred';
import { sinks as builtIn } from '../sinks';
import { connectionLimit } from '../sources/connectionLimit';
import { descriptorLimit, openDescriptors } from '../sources/descriptors';
import { assembleDaemon } from './daemon';
import type { CreateDaemonOptions, Daemon, Ended } from './daemonApi';
import { createDaemonLog } from './daemonLog';
import { failureOf } from './failureOf';
import { readGiven } from './givenConfiguration';
import { createInUse } from './inUse';
import { listenAt } from './listenAt';
import { createModules } from './modules';
import { residentBytes } from './residentBytes';
import { watchLedger } from './status/watchLedger';

const STDERR = 2;

/** Where the system says how large the process is. */
const memoryOfProcess = (): (() => number) | undefined =>
  residentBytes() === undefined ? undefined : () => residentBytes() ?? 0;

/** The same sources; `asked` is told when the last of them is asked for connections. */
const whenAsked = (sources: readonly Source[], asked: () => void): readonly Source[] =>
  sources.map((source, at) => (intake) => {
    if (at === sources.length - 1) asked();
    return source(intake);
  });

/**
 * Makes a daemon inside a program of yours, which listens, batches and delivers as `kahets start` does. Signals, exit codes and errors that
 * nobody catches stay the program's.
 *
 * ```ts
 * const daemon = createDaemon({ config: './buckets.json', sinks: { ...sinks, webhook } });
 * process.once('SIGTERM', () => void daemon.stop());
 * process.once('uncaughtException', (error) => {
 *   daemon.spill(error);
 *   process.exit(1);
 * });
 * await daemon.run();
 * ```
 *
 * Errors: it throws a {@link DaemonFailure} `configuration` with all that is wrong. Nothing is opened before {@link Daemon.run}.
 */
export const createDaemon = (options: CreateDaemonOptions): Daemon => {
  const {
    environment = {},
    sinks: kinds = builtIn,
    env: { log: givenLog, ...given } = {},
    tunesHeap = false,
  } = options;
  const modules = createModules();
  const read = (config: string | object) => readGiven({ config, environment, kinds, modules });
  const configured = read(options.config);
  if (E.isLeft(configured)) throw failureOf({ kind: 'configuration', problems: configured.left });
  const { settings } = configured.right;

  const inUse = createInUse(configured.right);
  const { log, drained, flushSync } = createDaemonLog({
    ...{ given: givenLog, level: settings.logLevel, hide: inUse.hide, scheduler: given.scheduler },
  });
  const settled$ = new Subject<Settled>();
  const { env, reloads, ending, ...assembly } = assembleDaemon({
    ...{ configured: configured.right, configure: () => read(options.config), inUse, log, tunesHeap, given },
    memory: options.memory ?? memoryOfProcess(),
    watch: (ledger) =>
      watchLedger(ledger, {
        settled: (settled) => settled$.next(settled),
        replayed: () => undefined,
        refused: () => undefined,
      }),
    flush: flushSync,
    say: (text) => void writeSync(STDERR, text),
  });

  const listening = deferred();
  const sources = options.sources
    ? whenAsked(options.sources, listening.resolve)
    : listenAt(settings, {
        ...{ passed: undefined, listening: listening.resolve, log },
        maxConnections: connectionLimit(descriptorLimit(), openDescriptors()),
      }).sources;

  const toEnd = async (): Promise<Ended> => {
    const result = await assembly.run(sources)();
    log.tellSuppressed();
    settled$.complete();
    const failure = E.isLeft(result) ? failureOf(result.left) : undefined;
    listening.reject(failure ?? failureOf({ kind: 'notRunning' }));
    const ended = E.isRight(result)
      ? ending.stopped(result.right.lost)
      : ending.atOnce('cannot run', { reason: failure?.message });
    await drained();
    if (failure) throw failure;
    return ended;
  };
  let running: Promise<Ended> | undefined;
  return {
    run: () => (running ??= toEnd()),
    stop: async () => {
      assembly.stop();
      await running?.catch(() => undefined);
    },
    listening: listening.promise,
    rows: () => env.ledger.rows(),
    settled$: settled$.asObservable(),
    reload: async (config) => {
      const again = config === undefined ? undefined : assembly.considering(() => read(config));
      const result = await reloads.request(again);
      if (E.isLeft(result)) throw failureOf(result.left);
      return result.right;
    },
    spill: (cause) =>
      ending.atOnce('unexpected end', {
        error: cause instanceof Error ? cause.stack : String(cause),
      }),
  };
};
