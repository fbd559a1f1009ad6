import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import {
  concat,
  firstValueFrom,
  from,
  map,
  mergeMap,
  NEVER,
  Observable,
  of,
  ReplaySubject,
  Subject,
  take,
  takeUntil,
  throwError,
} from 'rxjs';
import { runDaemon, type DaemonOptions } from '../../src/control/lifecycle';
import { createHeld } from '../../src/control/held';
import { createUnsettled } from '../../src/control/unsettled';
import {
  SinkError,
  type Batch,
  type Connection,
  type Env,
  type Receipt,
  type Sink,
  type SinkKind,
  type Write,
} from '../../src/model';
import { planTopology, type Plan } from '../../src/pipelines/topology';
import { nothingAccepted } from '../support/accepted';
import { batchOf, delivered, messagesOf, testEnv, unavailable } from '../../src/testing/builders';
import { bucketConfig } from '../support/builders';
import { quick } from '../support/quick';
import { unshared } from '../../src/operators/blocks';
import { encodeFrame } from '../../src/wire/frame';

const takes: Write = (batch) => of(delivered(batch));
const hung: Write = (batch, giveUp$) =>
  giveUp$.pipe(
    take(1),
    mergeMap(() => throwError(() => new SinkError('s', [unavailable(batch)]))),
  );

const planOf = (
  write: Write,
  batchTimeoutMs = 60_000,
  { count = 1000, closing = () => Promise.resolve() }: { count?: number; closing?: () => Promise<void> } = {},
) => {
  const seen: { batches: Batch[]; closed: number } = { batches: [], closed: 0 };
  const kind: SinkKind = () =>
    E.right({
      warnings: [],
      limits: {},
      deadlineMs: undefined,
      claims: [],
      open: () =>
        TE.right<never, Sink>({
          retries: true,
          health$: concat(of({ state: 'up' } as const), NEVER),
          write: (batch, giveUp$) => {
            seen.batches.push(batch);
            return write(batch, giveUp$);
          },
          close: () => {
            seen.closed += 1;
            return closing();
          },
        }),
    });
  const plan = planTopology(
    {
      streams: [
        {
          id: 's',
          type: 'kind',
          slice: 1,
          settings: {},
          emptyKey: 'empty',
          failover: { afterMs: 10_000, retryMs: 10_000 },
        },
      ],
      buckets: ['b', 'c'].map((id) => bucketConfig(id, ['s'], { batch: count, batchTimeoutMs })),
    },
    { kind },
  );
  if (E.isLeft(plan)) throw new Error('the plan is wrong');
  return { plan: plan.right, seen };
};

/** Nothing lies in the spool, and nobody else asks for it. */
const nobodyElse: DaemonOptions['owner'] = { owned$: NEVER, claim: () => Promise.resolve() };

const connection = (id: number, chunks$: Observable<Buffer>): Connection => ({ id, chunks$ });

const options = (
  plan: Plan,
  connections$: Observable<Connection>,
  parts: Partial<DaemonOptions> = {},
): DaemonOptions => ({
  // What was written is looked at when all is over.
  env: testEnv({ scheduler: quick, blocks: unshared }),
  plan,
  sources: [() => connections$],
  stop$: NEVER,
  maxFrameBytes: 1000,
  frameTimeoutMs: 1000,
  drainTimeoutMs: 1000,
  highMarkBytes: 1_000_000,
  accepted: nothingAccepted,
  owner: nobodyElse,
  ...parts,
});

/** Resolves when the daemon listens to its source. */
const whenSubscribed = (connections$: Observable<Connection>) => {
  let subscribed = (): void => undefined;
  const listening = new Promise<void>((resolve) => (subscribed = resolve));
  const source$ = new Observable<Connection>((subscriber) => {
    subscribed();
    return connections$.subscribe(subscriber);
  });
  return { source$, listening };
};

const heldBy = ({ ledger }: Env): number => ledger.rows().reduce((sum, { held }) => sum + held, 0);

describe('runDaemon', () => {
  it('ends when its source ends: open batches flush, writes settle, sinks close', async () => {
    const { plan, seen } = planOf(takes);
    const one = connection(1, of(encodeFrame('b', 'one'), encodeFrame('b', 'two')));
    const daemon = options(plan, of(one));
    expect(await runDaemon(daemon)()).toEqual(E.right({ lost: 0 }));
    expect(seen.batches.map(messagesOf)).toEqual([['one', 'two']]);
    expect(seen.closed).toBe(1);
    expect(daemon.env.ledger.rows()).toEqual([
      expect.objectContaining({ bucket: 'b', received: 2, delivered: 2, held: 0 }),
    ]);
    expect(daemon.env.held.bytes).toBe(0);
  });

  it('runs until stop$, with an idle connection open', async () => {
    const { plan, seen } = planOf(takes);
    const stop$ = new ReplaySubject<string>(1);
    const idle = connection(1, concat(of(encodeFrame('b', 'one')), NEVER).pipe(takeUntil(stop$)));
    const { source$, listening } = whenSubscribed(concat(of(idle), NEVER).pipe(takeUntil(stop$)));
    const ended = runDaemon(options(plan, source$, { stop$ }))();
    await listening;
    stop$.next('SIGTERM');
    expect(await ended).toEqual(E.right({ lost: 0 }));
    expect(seen.batches.map(messagesOf)).toEqual([['one']]);
  });

  it('tells the sinks to give up when the drain takes too long, and counts what is lost', async () => {
    const { plan, seen } = planOf(hung, 1);
    const stop$ = of('SIGTERM');
    const daemon = options(plan, of(connection(1, of(encodeFrame('b', 'one')))), { stop$, drainTimeoutMs: 20 });
    expect(await runDaemon(daemon)()).toEqual(E.right({ lost: 1 }));
    expect(seen.closed).toBe(1);
    expect(daemon.env.ledger.rows()).toEqual([
      expect.objectContaining({ received: 1, dropped: { unavailable: 1 }, held: 0 }),
    ]);
  });

  it('closes open batches when memory is full', async () => {
    const { plan, seen } = planOf(takes);
    const chunks$ = new Subject<Buffer>();
    const env = testEnv({ held: createHeld({ high: 26_000, low: 13_000 }) });
    const { source$, listening } = whenSubscribed(of(connection(1, chunks$)));
    const ended = runDaemon(options(plan, source$, { env, maxFrameBytes: 10_000 }))();
    await listening;
    chunks$.next(encodeFrame('b', 'x'.repeat(6_000)));
    const before = seen.batches.length;
    chunks$.next(encodeFrame('b', 'y'.repeat(6_000)));
    chunks$.next(encodeFrame('b', 'z'));
    expect([before, seen.batches.map(({ closedBy }) => closedBy)]).toEqual([0, ['memory']]);
    chunks$.complete();
    await ended;
    expect(heldBy(env)).toBe(0);
  });

  it('says why it could not open its sinks', async () => {
    const error = { sink: 's', message: 'no such folder' };
    const plan: Plan = {
      warnings: [],
      streams: [],
      buckets: [],
      defaultBucket: undefined,
      emptyKeyOf: () => 'empty',
      open: () => TE.left(error),
    };
    expect(await runDaemon(options(plan, NEVER))()).toEqual(E.left({ kind: 'open', error }));
  });

  it('closes the sinks and says why when the source fails', async () => {
    const { plan, seen } = planOf(takes);
    const error = new Error('cannot listen');
    const source = throwError(() => error);
    expect(await runDaemon(options(plan, source))()).toEqual(E.left({ kind: 'run', error }));
    expect(seen.closed).toBe(1);
  });

  describe('leaves in sight what is not settled', () => {
    const sighted = (parts: Partial<Env> = {}) => {
      const { unsettled, gathered, written } = createUnsettled();
      const env = testEnv({ unsettled, scheduler: quick, ...parts });
      const seen = () => ({
        gathered: [...gathered()].flatMap((run) => messagesOf({ frames: [run] })),
        written: [...written()].flatMap(({ batch }) => messagesOf(batch)),
      });
      return { env, seen };
    };
    const frame = encodeFrame('b', 'one');

    it('of a sink that does not give up: waits no longer than for the backup, and closes it', async () => {
      const { plan, seen } = planOf(() => NEVER, 0);
      const { env, seen: left } = sighted();
      const daemon = options(plan, of(connection(1, of(frame))), { env, stop$: of('SIGTERM') });
      expect(await runDaemon(daemon)()).toEqual(E.right({ lost: 0 }));
      expect([left(), seen.closed, heldBy(env)]).toEqual([{ gathered: [], written: ['one'] }, 1, 1]);
    });

    it('of a source that does not end: open batches too', async () => {
      const { plan } = planOf(takes);
      const { env, seen } = sighted();
      const endless = concat(of(connection(1, concat(of(frame), NEVER))), NEVER);
      expect(await runDaemon(options(plan, endless, { env, stop$: of('SIGTERM') }))()).toEqual(E.right({ lost: 0 }));
      expect(seen()).toEqual({ gathered: ['one'], written: [] });
    });

    describe('with a spool', () => {
      /** Three batches that their stream gives up, on their way to a spool. */
      const withSpool = (spool: Write, closeSpool: () => void = () => undefined) => {
        const closed: string[] = [];
        const kindOf =
          (name: string, write: Write, close: () => void = () => undefined): SinkKind =>
          () =>
            E.right({
              ...{ warnings: [], limits: {}, deadlineMs: undefined, claims: [] },
              open: () =>
                TE.right({
                  ...{ health$: concat(of({ state: 'up' } as const), NEVER), write },
                  close: () => {
                    closed.push(name);
                    close();
                    return Promise.resolve();
                  },
                }),
            });
        const plan = planTopology(
          {
            streams: [
              {
                ...{ id: 's', type: 'kind', slice: 1, settings: {}, emptyKey: 'empty' },
                failover: { afterMs: 10_000, retryMs: 10_000 },
              },
            ],
            buckets: [bucketConfig('b', ['s'], { batch: 1, batchTimeoutMs: 60_000 })],
          },
          { kind: kindOf('s', gaveUp), file: kindOf('spool', spool, closeSpool) },
          { spool: '/spool' },
        );
        if (E.isLeft(plan)) throw new Error('the plan is wrong');
        const { env, seen } = sighted();
        const chunks = ['one', 'two', 'three'].map((message) => encodeFrame('b', message));
        const daemon = options(plan.right, of(connection(1, from(chunks))), { env, stop$: of('SIGTERM') });
        return { closed, run: runDaemon(daemon), seen, rows: () => env.ledger.rows() };
      };
      const gaveUp: Write = (batch, giveUp$) =>
        giveUp$.pipe(
          take(1),
          mergeMap(() => {
            const cause = { kind: 'gave_up', message: 'told to' } as const;
            return throwError(() => new SinkError('s', [{ batch, cause, written: 'no' }]));
          }),
        );

      it('that does not answer: all of it, and nothing is lost', async () => {
        const { run, rows, seen } = withSpool(gaveUp);
        expect(await run()).toEqual(E.right({ lost: 0 }));
        expect(seen()).toEqual({ gathered: [], written: ['one', 'two', 'three'] });
        expect(rows()).toMatchObject([{ received: 3, held: 3, backedUp: 0, dropped: {} }]);
      });

      it('that is slow: but for what it is writing at the end, which is waited for', async () => {
        const writing$ = new ReplaySubject<Receipt>(1);
        const begun: string[] = [];
        // What is on its way to the disk cannot be taken back.
        const slow: Write = (batch) => {
          begun.push(...messagesOf(batch));
          return writing$.pipe(map((receipt) => ({ ...receipt, batch })));
        };
        const { closed, run, rows, seen } = withSpool(slow, () => {
          writing$.next(delivered(batchOf('b', ['any'])));
          writing$.complete();
        });
        expect(await run()).toEqual(E.right({ lost: 0 }));
        expect(begun).toEqual(['one']);
        expect(seen()).toEqual({ gathered: [], written: ['two', 'three'] });
        expect(rows()).toMatchObject([{ received: 3, held: 2, backedUp: 1, dropped: {} }]);
        expect(closed).toEqual(['spool', 's']);
      });

      it('that does not even close: ends without it', async () => {
        const { closed, run, seen } = withSpool(() => NEVER);
        expect(await run()).toEqual(E.right({ lost: 0 }));
        expect([seen().written, closed]).toEqual([
          ['one', 'two', 'three'],
          ['spool', 's'],
        ]);
      });
    });

    it('when something throws on the way: tells the sinks to give up, closes them and says what', async () => {
      const told = new Subject<unknown>();
      const gaveUp = firstValueFrom(told);
      const { plan, seen } = planOf(
        (batch, giveUp$) => {
          if (messagesOf(batch)[0] !== 'one') return takes(batch, giveUp$);
          giveUp$.subscribe(told);
          return NEVER;
        },
        60_000,
        { count: 2 },
      );
      const defect = new Error('a defect');
      const { env, seen: left } = sighted();
      const settled = (): never => {
        throw defect;
      };
      const chunks = [['b', 'one', 'two'] as const, ['c', 'open'] as const, ['b', 'x', 'y'] as const].map(
        ([bucket, ...messages]) => Buffer.concat(messages.map((message) => encodeFrame(bucket, message))),
      );
      const endless = concat(of(connection(1, concat(from(chunks), NEVER))), NEVER);
      const daemon = options(plan, endless, { env: { ...env, ledger: { ...env.ledger, settled } } });
      expect(await runDaemon(daemon)()).toEqual(E.left({ kind: 'run', error: defect }));
      expect(await gaveUp).toBe(defect);
      expect([left(), seen.closed]).toEqual([{ gathered: ['x', 'y', 'open'], written: ['one', 'two'] }, 1]);
    });
  });

  it('says that it writes to the spool when the sinks give up something, and only then', async () => {
    const claimed: string[] = [];
    const owner = {
      ...nobodyElse,
      claim: () => {
        claimed.push('claimed');
        return Promise.resolve();
      },
    };
    const parts = { env: testEnv({ scheduler: quick }), stop$: of('SIGTERM'), owner };
    const nothing = options(planOf(takes).plan, concat(NEVER), parts);
    expect(await runDaemon(nothing)()).toEqual(E.right({ lost: 0 }));
    expect(claimed).toEqual([]);
    const one = connection(1, of(encodeFrame('b', 'one')));
    expect(await runDaemon(options(planOf(hung, 0).plan, of(one), parts))()).toEqual(E.right({ lost: 1 }));
    expect(claimed).toEqual(['claimed']);
  });

  it('counts as lost what is dropped after the sinks were told to give up, not what was before', async () => {
    const env = testEnv({ scheduler: quick });
    const write: Write = (batch, giveUp$) =>
      messagesOf(batch)[0] === 'early'
        ? throwError(() => new SinkError('s', [unavailable(batch)]))
        : hung(batch, giveUp$);
    const { plan } = planOf(write, 60_000, { count: 1 });
    const chunks$ = of(encodeFrame('b', 'early'), encodeFrame('b', 'late'));
    const daemon = options(plan, of(connection(1, chunks$)), { env, stop$: of('SIGTERM') });
    expect(await runDaemon(daemon)()).toEqual(E.right({ lost: 1 }));
    expect(env.ledger.rows()[0]?.dropped).toEqual({ unavailable: 2 });
  });

  it('does not wait for a sink that does not close', async () => {
    const env = testEnv({ scheduler: quick });
    const { plan, seen } = planOf(takes, 0, { closing: () => new Promise<void>(() => undefined) });
    expect(await runDaemon(options(plan, of(), { env, stop$: of('SIGTERM') }))()).toEqual(E.right({ lost: 0 }));
    expect(seen.closed).toBe(1);
    expect(env.log).toMatchObject({ lines: [{ level: 'error', message: 'a sink did not close in time' }] });
  });

  it('does not wait for streams that do not open, once it is told to stop', async () => {
    const plan: Plan = {
      warnings: [],
      streams: [],
      buckets: [],
      defaultBucket: undefined,
      emptyKeyOf: () => 'empty',
      open: () => () => new Promise(() => undefined),
    };
    const env = testEnv({ scheduler: quick });
    expect(await runDaemon(options(plan, NEVER, { env, stop$: of('SIGTERM') }))()).toEqual(
      E.left({ kind: 'open', error: { sink: 'stream', message: 'its streams did not open in time' } }),
    );
  });
});
