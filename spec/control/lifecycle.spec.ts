import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { concat, mergeMap, NEVER, of, ReplaySubject, Subject, take, takeUntil, throwError, Observable } from 'rxjs';
import { runDaemon, type DaemonOptions } from '../../src/control/lifecycle';
import { createHeld } from '../../src/control/held';
import {
  SinkError,
  type Batch,
  type Connection,
  type Env,
  type Sink,
  type SinkKind,
  type Write,
} from '../../src/model';
import { planTopology, type Plan } from '../../src/pipelines/topology';
import { bucketConfig, delivered, messagesOf, testEnv, unavailable } from '../support/builders';
import { encodeFrame } from '../../src/wire/frame';

const takes: Write = (batch) => of(delivered(batch));
const hung: Write = (batch, giveUp$) =>
  giveUp$.pipe(
    take(1),
    mergeMap(() => throwError(() => new SinkError('s', [unavailable(batch)]))),
  );

const planOf = (write: Write, batchTimeoutMs = 60_000) => {
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
          health$: NEVER,
          write: (batch, giveUp$) => {
            seen.batches.push(batch);
            return write(batch, giveUp$);
          },
          close: () => {
            seen.closed += 1;
            return Promise.resolve();
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
      buckets: [bucketConfig('b', ['s'], { batch: 1000, batchTimeoutMs })],
    },
    { kind },
  );
  if (E.isLeft(plan)) throw new Error('the plan is wrong');
  return { plan: plan.right, seen };
};

const connection = (id: number, chunks$: Observable<Buffer>): Connection => ({ id, chunks$ });

const options = (
  plan: Plan,
  connections$: Observable<Connection>,
  parts: Partial<DaemonOptions> = {},
): DaemonOptions => ({
  env: testEnv(),
  plan,
  source: () => connections$,
  stop$: NEVER,
  maxFrameBytes: 1000,
  frameTimeoutMs: 1000,
  drainTimeoutMs: 1000,
  highMarkBytes: 1_000_000,
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
    expect(await runDaemon(daemon)()).toEqual(E.right(undefined));
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
    expect(await ended).toEqual(E.right(undefined));
    expect(seen.batches.map(messagesOf)).toEqual([['one']]);
  });

  it('tells the sinks to give up when the drain takes too long, and counts what is lost', async () => {
    const { plan, seen } = planOf(hung, 1);
    const stop$ = of('SIGTERM');
    const daemon = options(plan, of(connection(1, of(encodeFrame('b', 'one')))), { stop$, drainTimeoutMs: 20 });
    expect(await runDaemon(daemon)()).toEqual(E.right(undefined));
    expect(seen.closed).toBe(1);
    expect(daemon.env.ledger.rows()).toEqual([
      expect.objectContaining({ received: 1, dropped: { unavailable: 1 }, held: 0 }),
    ]);
  });

  it('closes open batches when memory is full', async () => {
    const { plan, seen } = planOf(takes);
    const chunks$ = new Subject<Buffer>();
    const env = testEnv({ held: createHeld({ high: 40, low: 20 }) });
    const { source$, listening } = whenSubscribed(of(connection(1, chunks$)));
    const ended = runDaemon(options(plan, source$, { env }))();
    await listening;
    chunks$.next(encodeFrame('b', 'x'.repeat(20)));
    const before = seen.batches.length;
    chunks$.next(encodeFrame('b', 'y'.repeat(20)));
    chunks$.next(encodeFrame('b', 'z'));
    expect([before, seen.batches.map(({ closedBy }) => closedBy)]).toEqual([0, ['memory']]);
    chunks$.complete();
    await ended;
    expect(heldBy(env)).toBe(0);
  });

  it('says why it could not open its sinks', async () => {
    const error = { sink: 's', message: 'no such folder' };
    const plan: Plan = { warnings: [], open: () => TE.left(error) };
    expect(await runDaemon(options(plan, NEVER))()).toEqual(E.left({ kind: 'open', error }));
  });

  it('closes the sinks and says why when the source fails', async () => {
    const { plan, seen } = planOf(takes);
    const error = new Error('cannot listen');
    const source = throwError(() => error);
    expect(await runDaemon(options(plan, source))()).toEqual(E.left({ kind: 'run', error }));
    expect(seen.closed).toBe(1);
  });
});
