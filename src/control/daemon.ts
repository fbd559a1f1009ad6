import path from 'node:path';
import { flow } from 'fp-ts/function';
import * as E from 'fp-ts/Either';
import type { TaskEither } from 'fp-ts/TaskEither';
import { ReplaySubject } from 'rxjs';
import { problemLines } from '../config/report';
import type { Env, Ledger, Log, Source } from '../model';
import type { Plan } from '../pipelines/topology';
import { createAccepted } from '../spool/accepted';
import { createSpoolOwner } from '../spool/owner';
import type { Configured } from './configure';
import { createEnv } from './createEnv';
import type { GivenEnv } from './daemonApi';
import { createEnding, type Ending, type EndingOptions } from './ending';
import { tuneHeap } from './heap';
import { createHeld, memoryMarks, type MemoryMarks } from './held';
import type { InUse } from './inUse';
import { runDaemon, type DaemonError, type Stopped } from './lifecycle';
import { createReloads, type Read, type Reloads, type ReloadsOptions } from './reload';
import { acceptedSpool, createSpill } from './spill';
import { createUnsettled } from './unsettled';

export interface AssemblyOptions
  extends Pick<EndingOptions, 'flush' | 'say'>, Pick<ReloadsOptions<Plan>, 'began' | 'ended'> {
  readonly configured: Configured;
  /** Reads it again, for a reload. */
  readonly configure: Read<Configured>;
  readonly inUse: InUse;
  readonly log: Log;
  /** Bytes of the resident set. Undefined: nobody looks how large the process is. */
  readonly memory: (() => number) | undefined;
  /** Whether V8's heap may be told how to grow, and to collect: that is one setting of the whole process. */
  readonly tunesHeap: boolean;
  /** Who sees what is booked. Default: nobody does. */
  readonly watch?: (ledger: Ledger) => Ledger;
  readonly given?: GivenEnv;
}

/** A daemon whose parts are put together; nothing is open yet. */
export interface Assembly {
  readonly env: Env;
  readonly marks: MemoryMarks;
  readonly reloads: Reloads<Plan>;
  /** What `reloads.request` takes in place of what it was configured by. */
  readonly considering: (configure: Read<Configured>) => Read<Plan>;
  readonly ending: Ending;
  /** Tells `run` to stop. */
  readonly stop: () => void;
  /** Runs until it is told to stop; once. */
  readonly run: (sources: readonly Source[]) => TaskEither<DaemonError, Stopped>;
}

/** Puts a daemon together from its configuration: what all that run one do alike. */
export const assembleDaemon = (options: AssemblyOptions): Assembly => {
  const { configured, configure, inUse, log, memory, tunesHeap, given } = options;
  const { settings, plan, warnings } = configured;
  for (const warning of problemLines(warnings)) log.warn('configuration', { warning });

  const marks = memoryMarks(settings.maxMemoryBytes);
  const relieve = tunesHeap ? tuneHeap(() => performance.now(), marks) : (): void => undefined;
  const unsettled = createUnsettled();
  const plain = createEnv({
    ...{ log, maxCpus: settings.maxCpus, maxBuckets: marks.maxBuckets },
    held: createHeld({ ...marks, ...(memory && { process: { memory, limit: marks.limit, relieve } }) }),
    unsettled: unsettled.unsettled,
  });
  const env: Env = { ...plain, ledger: options.watch?.(plain.ledger) ?? plain.ledger, ...given };

  const spool = path.resolve(settings.spool);
  const owner = createSpoolOwner(spool, env);
  const ending = createEnding({
    spill: createSpill({
      ...{ folder: spool, unsettled, now: env.now },
      emptyKeyOf: (bucket) => inUse.plan().emptyKeyOf(bucket),
      emptyKeyOfStream: (id) => inUse.plan().streams.find(({ config }) => config.id === id)?.config.emptyKey,
    }),
    ...{ log, ledger: env.ledger, release: owner.release, flush: options.flush, say: options.say },
  });
  const considering = (read: Read<Configured>): Read<Plan> =>
    flow(
      read,
      E.map((again) => inUse.consider(again, log)),
    );
  const reloads = createReloads({
    ...{ log, now: env.now, reloaded: inUse.take, began: options.began, ended: options.ended },
    configure: considering(configure),
  });
  const stop$ = new ReplaySubject<void>(1);
  return {
    ...{ env, marks, reloads, considering, ending },
    stop: () => stop$.next(),
    run: (sources) =>
      runDaemon({
        ...{ env, plan, reloads, sources, stop$, owner, highMarkBytes: marks.high },
        accepted: createAccepted({ folder: acceptedSpool(spool), claim: owner.claim, stop$, log }),
        maxFrameBytes: settings.maxFrameBytes,
        frameTimeoutMs: settings.frameTimeoutMs,
        drainTimeoutMs: settings.drainTimeoutMs,
      }),
  };
};
