/** The daemon from its socket's bytes to its files, on a clock that is moved by hand; the broker alone is no real one. */
import * as E from 'fp-ts/Either';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Subject, of, ReplaySubject, takeUntil, type VirtualTimeScheduler } from 'rxjs';
import type { Config } from '../../../src/config/buckets';
import { createLedger } from '../../../src/control/ledger';
import { runDaemon, type DaemonError, type Stopped } from '../../../src/control/lifecycle';
import type { Connection, Env, LedgerRow, Log } from '../../../src/model';
import { planTopology } from '../../../src/pipelines/topology';
import { sinks } from '../../../src/sinks';
import { createAccepted } from '../../../src/spool/accepted';
import { encodeFrame } from '../../../src/wire/frame';
import { memoryLog, testEnv } from '../../../src/testing/builders';
import { createFakeSink, type FakeSink } from '../../../src/testing/fakeSink';
import { bucketConfig } from '../../support/builders';
import { filesIn } from '../../support/numbered';
import { manyTimers } from '../../support/virtualTime';

/** What a message starts with that the broker never takes. */
export const POISON = '!';

const START_MS = 1_700_000_000_000;
const HIGH_MARK = 1 << 20;
const DRAIN_MS = 2_000;
/** A stop takes no longer than this, all of its deadlines together. */
const STOP_MS = 60_000;

const fileRequest = (name: string): boolean => name.startsWith('FSReq') || name === 'CloseReq';

/** Waits until no call of the file system is outstanding, and all that follows from its end is done. */
const calm = async (): Promise<void> => {
  for (let quiet = 0; quiet < 3;) {
    await new Promise(setImmediate);
    quiet = process.getActiveResourcesInfo().some(fileRequest) ? 0 : quiet + 1;
  }
};

export type BackupMode = 'none' | 'kept' | 'replayed' | 'ordered';

const REPLAY = { kept: false, replayed: true, ordered: 'ordered' } as const;

const configFor = (mode: BackupMode, folder: string): Config => ({
  streams: [
    {
      id: 'broker',
      type: 'broker',
      slice: 1,
      settings: {},
      emptyKey: 'empty',
      failover: { afterMs: 500, retryMs: 300 },
      deadLetter: { type: 'file', settings: { path: join(folder, 'dead') } },
      ...(mode !== 'none' && {
        backup: {
          type: 'file',
          settings: { path: join(folder, 'backup'), fileNameTemplate: '{bucket}-{ts}', sizeRotate: 400 },
          replay: REPLAY[mode],
          replayRate: 0.25,
        },
      }),
    },
  ],
  buckets: [],
  defaultBucket: bucketConfig('default', ['broker'], { batch: 3, batchTimeoutMs: 50 }),
});

export interface Simulated {
  readonly folder: string;
  readonly broker: FakeSink;
  readonly log: Log & { readonly lines: readonly { readonly level: string; readonly message: string }[] };
  readonly send: (bucket: string, messages: readonly string[]) => Promise<void>;
  readonly advance: (ms: number) => Promise<void>;
  /** Stops in order and starts again on the same folders. */
  readonly restart: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Of the daemon that runs, or ran last. */
  readonly rows: () => readonly LedgerRow[];
  /** Possible duplicates of all daemons. */
  readonly duplicatesPossible: () => number;
  readonly filesIn: (name: string) => Promise<readonly string[]>;
  readonly remove: () => Promise<void>;
}

interface Running {
  readonly env: Env;
  readonly chunks$: Subject<Buffer>;
  readonly stop$: ReplaySubject<void>;
  readonly ended: Promise<E.Either<DaemonError, Stopped>>;
}

const start = (
  config: Config,
  folder: string,
  broker: FakeSink,
  scheduler: VirtualTimeScheduler,
  log: Log,
): Running => {
  const env = testEnv({ scheduler, now: () => START_MS + scheduler.now(), log, ledger: createLedger() });
  const spool = join(folder, 'spool');
  const plan = planTopology(config, { ...sinks, broker: broker.kind }, { spool });
  if (E.isLeft(plan)) throw new Error(JSON.stringify(plan.left));
  const stop$ = new ReplaySubject<void>(1);
  const chunks$ = new Subject<Buffer>();
  const connection: Connection = { id: 1, chunks$: chunks$.pipe(takeUntil(stop$)) };
  const claim = (): Promise<void> => Promise.resolve();
  const ended = runDaemon({
    env,
    plan: plan.right,
    sources: [() => of(connection)],
    stop$,
    maxFrameBytes: 1 << 16,
    frameTimeoutMs: 30_000,
    drainTimeoutMs: DRAIN_MS,
    highMarkBytes: HIGH_MARK,
    owner: { owned$: of(undefined), claim },
    accepted: createAccepted({ folder: join(spool, 'accepted'), claim, stop$, log }),
  })();
  return { env, chunks$, stop$, ended };
};

/** Starts the daemon in a folder of its own. */
export const simulate = async (mode: BackupMode): Promise<Simulated> => {
  const folder = await mkdtemp(join(tmpdir(), 'kahets-model-'));
  const scheduler = manyTimers();
  const log = memoryLog();
  const broker = createFakeSink({ scheduler, isPoison: (text) => text.startsWith(POISON) });
  const config = configFor(mode, folder);
  let duplicatesBefore = 0;
  let running = start(config, folder, broker, scheduler, log);
  await calm();

  const rows = (): readonly LedgerRow[] => running.env.ledger.rows();
  const duplicates = (): number => rows().reduce((sum, { duplicatesPossible }) => sum + duplicatesPossible, 0);

  /** From timer to timer, so that files are written when their time has come. */
  const advance = async (ms: number): Promise<void> => {
    const untilMs = scheduler.now() + ms;
    scheduler.schedule(() => undefined, ms);
    // What was done just before may have a timer to set first.
    await calm();
    while (scheduler.now() < untilMs) {
      scheduler.maxFrames = Math.min(untilMs, Math.max(scheduler.now(), scheduler.actions[0]?.delay ?? untilMs));
      scheduler.flush();
      await calm();
    }
  };

  const stop = async (): Promise<void> => {
    running.stop$.next();
    let ended: E.Either<DaemonError, Stopped> | undefined;
    void running.ended.then((result) => (ended = result));
    for (let ms = 0; ms < STOP_MS && !ended; ms += 100) await advance(100);
    if (!ended) throw new Error('it does not stop');
    if (E.isLeft(ended)) throw new Error(JSON.stringify(ended.left));
    if (ended.right.lost > 0) throw new Error(`${ended.right.lost} messages are lost`);
  };

  return {
    folder,
    broker,
    log,
    rows,
    advance,
    stop,
    send: async (bucket, messages) => {
      const chunk = Buffer.concat(messages.map((message) => encodeFrame(bucket, message)));
      running.chunks$.next(chunk);
      // As a source does, which reads into it again.
      chunk.fill(0xdd);
      await calm();
    },
    restart: async () => {
      await stop();
      duplicatesBefore += duplicates();
      running = start(config, folder, broker, scheduler, log);
      await calm();
    },
    duplicatesPossible: () => duplicatesBefore + duplicates(),
    filesIn: (name) => filesIn(join(folder, name)).catch(() => []),
    remove: () => rm(folder, { recursive: true }),
  };
};
