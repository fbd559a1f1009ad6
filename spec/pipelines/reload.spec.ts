import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { firstValueFrom, lastValueFrom, map, mergeMap, NEVER, of, ReplaySubject, Subject, take } from 'rxjs';
import type { Config } from '../../src/config/buckets';
import type { Batch, CheckedSink, Deliver, Env, Outcome, SinkKind, StreamOptions, Write } from '../../src/model';
import type { Topology } from '../../src/pipelines/streams';
import { planTopology, type Plan } from '../../src/pipelines/topology';
import { file } from '../../src/sinks/file';
import { countFile } from '../../src/spool/countFile';
import { folderExists } from '../../src/spool/folderExists';
import { openSpoolFile } from '../../src/spool/openSpoolFile';
import { batchOf, delivered, messagesOf, outcomeOf, testEnv } from '../../src/testing/builders';
import { bucketConfig } from '../support/builders';
import { quick } from '../support/quick';
import { checkedOf, fails, kind, open, planned, stream, takes } from '../support/topologies';

const planOf = (config: Config, kinds: Readonly<Record<string, SinkKind>>, spool?: string): Plan =>
  planned(planTopology(config, kinds, { spool }));

const nobody = (): void => undefined;
const WAIT_MS = 10_000;

const deliverTo = (topology: Topology, bucket: string, index = 0): Deliver => {
  const found = topology.routeOf(bucket)?.streams[index];
  if (!found) throw new Error(`${bucket} has no stream ${index}`);
  return found.deliver;
};

const outcome = (topology: Topology, batch: Batch): Promise<Outcome> =>
  firstValueFrom(deliverTo(topology, batch.bucket)(batch));

/** Takes a batch when it is told to. */
const onCall = () => {
  const go$ = new ReplaySubject<void>(1);
  const write: Write = (batch) =>
    go$.pipe(
      take(1),
      map(() => delivered(batch)),
    );
  return { go$, write };
};

const failsWhenTold: Write = (batch, giveUp$) =>
  giveUp$.pipe(
    take(1),
    mergeMap(() => fails(batch, NEVER)),
  );

describe('a reload', () => {
  const [one, two] = [bucketConfig('one', ['a']), bucketConfig('two', ['b'])];
  const before: Config = { streams: [stream('a'), stream('b')], buckets: [one, two] };
  const batch = batchOf('one', ['1', '2']);

  it('of the same touches nothing', async () => {
    const { kind: good, seen } = kind(takes);
    const topology = await open(planTopology(before, { good }));
    const routes = ['one', 'two', 'three'].map(topology.routeOf);
    const rerouted: boolean[] = [];
    topology.rerouted$.subscribe((isOther) => rerouted.push(...['one', 'two', 'three'].map(isOther)));
    expect(await topology.reload(planOf(before, { good }), WAIT_MS, nobody)()).toEqual(
      E.right({ kept: ['a', 'b'], replaced: [], added: [], removed: [] }),
    );
    expect(['one', 'two', 'three'].map(topology.routeOf)).toEqual(routes);
    expect(rerouted).toEqual([false, false, false]);
    expect(seen).toEqual({ opened: ['a', 'b'], closed: [], batches: [] });
  });

  it('replaces what has changed, adds and removes', async () => {
    const { kind: good, seen } = kind(takes);
    const topology = await open(
      planTopology({ ...before, streams: [stream('a'), stream('b'), stream('c')] }, { good }),
    );
    const rerouted: string[] = [];
    topology.rerouted$.subscribe((isOther) =>
      rerouted.push(...['one', 'two', 'three', 'four'].filter((bucket) => isOther(bucket))),
    );
    const after: Config = {
      streams: [stream('a'), stream('b', { settings: { acks: 1 } }), stream('d')],
      buckets: [one, two, bucketConfig('three', ['d'])],
    };
    expect(await topology.reload(planOf(after, { good }), WAIT_MS, nobody)()).toEqual(
      E.right({ kept: ['a'], replaced: ['b'], added: ['d'], removed: ['c'] }),
    );
    expect(seen).toEqual({ opened: ['a', 'b', 'c', 'b', 'd'], closed: ['b', 'c'], batches: [] });
    expect(rerouted).toEqual(['two', 'three']);
    expect(await outcome(topology, batchOf('three', ['3']))).toMatchObject({ stream: 'd', delivered: 1 });
    await topology.close();
    expect(seen.closed.sort()).toEqual(['a', 'b', 'b', 'c', 'd']);
  });

  it('tells which buckets go other ways: their own settings, the default, one that is gone', async () => {
    const { kind: good } = kind(takes);
    const defaultBucket = bucketConfig('default', ['a']);
    const topology = await open(planTopology({ ...before, defaultBucket }, { good }));
    const rerouted = async (after: Config): Promise<readonly string[]> => {
      const buckets = ['one', 'two', 'other'];
      const told = firstValueFrom(topology.rerouted$);
      await topology.reload(planOf(after, { good }), WAIT_MS, nobody)();
      const isOther = await told;
      return buckets.filter((bucket) => isOther(bucket));
    };
    expect(await rerouted({ ...before, defaultBucket })).toEqual([]);
    expect(await rerouted({ ...before, buckets: [one, { ...two, batch: 3 }], defaultBucket })).toEqual(['two']);
    expect(await rerouted({ ...before, buckets: [one], defaultBucket })).toEqual(['two']);
    expect(await rerouted({ ...before, buckets: [one], defaultBucket: { ...defaultBucket, batch: 3 } })).toEqual([
      'two',
      'other',
    ]);
    expect(await rerouted({ ...before, buckets: [one] })).toEqual(['two', 'other']);
    expect(topology.routeOf('other')).toBeUndefined();
  });

  it('knows whether there are buckets that drop', async () => {
    const { kind: good } = kind(takes);
    const topology = await open(planTopology(before, { good }));
    expect(topology.dropsWhenFull()).toBe(false);
    const after: Config = { ...before, buckets: [one, { ...two, whenFull: 'drop' }] };
    await topology.reload(planOf(after, { good }), WAIT_MS, nobody)();
    expect([topology.dropsWhenFull(), topology.routeOf('two')?.dropsWhenFull]).toEqual([true, true]);
  });

  it('changes nothing where a stream does not open', async () => {
    const { kind: good, seen } = kind(takes);
    const bad = kind(takes, { open: ({ name }) => TE.left({ sink: name, message: 'no such folder' }) });
    const topology = await open(planTopology(before, { good }));
    const routes = ['one', 'two'].map(topology.routeOf);
    const told: unknown[] = [];
    topology.rerouted$.subscribe((isOther) => told.push(isOther));
    const after: Config = {
      ...before,
      streams: [stream('c'), stream('b', { settings: { acks: 1 } }), stream('a', { type: 'bad' })],
    };
    const taken = jest.fn();
    expect(await topology.reload(planOf(after, { good, bad: bad.kind }), WAIT_MS, taken)()).toEqual(
      E.left({ sink: 'a', message: 'no such folder' }),
    );
    expect(told).toEqual([]);
    expect(taken).not.toHaveBeenCalled();
    expect(['one', 'two'].map(topology.routeOf)).toEqual(routes);
    // What was opened for nothing is closed, and what ran goes on.
    expect(seen).toMatchObject({ opened: ['a', 'b', 'c', 'b'], closed: ['c', 'b'] });
    expect(await outcome(topology, batch)).toMatchObject(outcomeOf('a', batch, { delivered: 2 }));
  });

  it('leaves no sink of a stream open whose backup does not open', async () => {
    const { kind: good, seen } = kind(takes);
    const bad = kind(takes, { open: ({ name }) => TE.left({ sink: name, message: 'no such folder' }) });
    const topology = await open(planTopology(before, { good }));
    const backup = { type: 'bad', settings: {}, replay: false, replayRate: 0.25 };
    const after: Config = { ...before, streams: [stream('a', { backup }), stream('b')] };
    expect(await topology.reload(planOf(after, { good, bad: bad.kind }), WAIT_MS, nobody)()).toEqual(
      E.left({ sink: 'a.backup', message: 'no such folder' }),
    );
    expect(seen).toMatchObject({ opened: ['a', 'b', 'a'], closed: ['a'] });
    expect(await outcome(topology, batch)).toMatchObject(outcomeOf('a', batch, { delivered: 2 }));
  });

  it('closes what it opens too late: when all else is closed', async () => {
    const { kind: good, seen } = kind(takes);
    const topology = await open(planTopology(before, { good }));
    const opens$ = new ReplaySubject<void>(1);
    const slow = kind(takes);
    const slowKind: SinkKind = (settings, at) =>
      E.map((checked: CheckedSink) => ({
        ...checked,
        open: (env: Env, options: StreamOptions) => async () => {
          await firstValueFrom(opens$);
          return checked.open(env, options)();
        },
      }))(slow.kind(settings, at));
    const after: Config = { ...before, streams: [...before.streams, stream('c', { type: 'slow' })] };
    const taken = jest.fn();
    const reloaded = topology.reload(planOf(after, { good, slow: slowKind }), WAIT_MS, taken)();
    await topology.close();
    opens$.next();
    expect(await reloaded).toEqual(E.left({ sink: 'streams', message: 'the daemon has stopped' }));
    expect([seen.closed, slow.seen.closed]).toEqual([['a', 'b'], ['c']]);
    expect(taken).not.toHaveBeenCalled();
  });

  it('writes to a stream that stands in for another when that one has settled, in order', async () => {
    const { go$, write } = onCall();
    const [old, young] = [kind(write), kind(takes)];
    const topology = await open(
      planTopology({ ...before, streams: [stream('a', { type: 'old' })], buckets: [one] }, { old: old.kind }),
    );
    const settled: string[] = [];
    const first = outcome(topology, batch).then(() => settled.push('first'));
    const swapped = new Subject<void>();
    const isSwapped = firstValueFrom(swapped);
    const after: Config = { streams: [stream('a', { type: 'young' })], buckets: [one] };
    const reloaded = topology.reload(planOf(after, { young: young.kind }), WAIT_MS, () => swapped.next())();
    await isSwapped;
    const second = outcome(topology, batchOf('one', ['3'])).then(() => settled.push('second'));
    const third = outcome(topology, batchOf('one', ['4'])).then(() => settled.push('third'));
    await new Promise(setImmediate);
    expect([settled, young.seen.opened, young.seen.batches]).toEqual([[], ['a'], []]);
    go$.next();
    expect(await reloaded).toMatchObject(E.right({ replaced: ['a'] }));
    await Promise.all([first, second, third]);
    expect(settled).toEqual(['first', 'second', 'third']);
    expect(young.seen.batches.map(messagesOf)).toEqual([['3'], ['4']]);
    expect(old.seen.closed).toEqual(['a']);
  });

  it('opens what needs the same place as another when that one is closed, and tries until it opens', async () => {
    const { go$, write } = onCall();
    const claims = ['/tmp/x'];
    const env = testEnv({ scheduler: quick });
    const old = kind(write, { claims });
    const { open: opens } = checkedOf(kind(takes).kind);
    const results = [() => TE.left({ sink: 'z', message: 'not yet' }), opens];
    const opened = jest.fn<ReturnType<typeof opens>, Parameters<typeof opens>>((...args) =>
      (results.shift() ?? opens)(...args),
    );
    const young = kind(takes, { claims, open: opened });
    const topology = await open(
      planTopology({ streams: [stream('a', { type: 'old' })], buckets: [one] }, { old: old.kind }),
      env,
    );
    const first = outcome(topology, batch);
    const after: Config = { streams: [stream('z', { type: 'young' })], buckets: [bucketConfig('one', ['z'])] };
    const reloaded = topology.reload(planOf(after, { young: young.kind }), WAIT_MS, nobody)();
    await new Promise(setImmediate);
    expect(opened).not.toHaveBeenCalled();
    const second = outcome(topology, batchOf('one', ['3']));
    go$.next();
    await first;
    expect(await reloaded).toMatchObject(E.right({ added: ['z'], removed: ['a'] }));
    expect(await second).toMatchObject({ stream: 'z', delivered: 1 });
    expect(opened).toHaveBeenCalledTimes(2);
    expect(env.log).toMatchObject({
      lines: [{ level: 'error', message: 'a stream does not open', fields: { stream: 'z', error: 'not yet' } }],
    });
  });

  it('waits for buckets that may still bring batches', async () => {
    const { kind: good, seen } = kind(takes);
    const topology = await open(planTopology(before, { good }));
    const leave = topology.routeOf('one')?.join?.();
    const reloaded = topology.reload(planOf({ streams: [stream('b')], buckets: [two] }, { good }), WAIT_MS, nobody)();
    await new Promise(setImmediate);
    expect(seen.closed).toEqual([]);
    leave?.();
    expect(await reloaded).toMatchObject(E.right({ removed: ['a'] }));
    expect(seen.closed).toEqual(['a']);
  });

  it('does not wait for ever: what a stream does not take is kept, and sent by the one that stands in for it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kahets-reload-'));
    const env = testEnv();
    const taken$ = new ReplaySubject<Batch>(1);
    const [hung, good] = [
      kind(failsWhenTold),
      kind((one) => {
        taken$.next(one);
        return takes(one, NEVER);
      }),
    ];
    const kinds = { hung: hung.kind, good: good.kind, file };
    try {
      const topology = await open(
        planTopology({ streams: [stream('a', { type: 'hung' })], buckets: [one] }, kinds, { spool: folder }),
        env,
      );
      const stop$ = new ReplaySubject<void>(1);
      const parts = {
        ...{ open: (name: string) => openSpoolFile(name, { log: env.log }), count: countFile, exists: folderExists },
        ...{ owned$: of(0), stop$ },
      };
      const replayed = lastValueFrom(topology.replay(parts), { defaultValue: undefined });
      const first = outcome(topology, batch);
      const soon = stream('a', { failover: { afterMs: 10_000, retryMs: 10 } });
      const after = planOf({ streams: [soon], buckets: [one] }, kinds, folder);
      expect(await topology.reload(after, 1, nobody)()).toMatchObject(E.right({ replaced: ['a'] }));
      expect(await first).toMatchObject(outcomeOf('a', batch, { backedUp: 2 }));
      expect(messagesOf(await firstValueFrom(taken$))).toEqual(['1', '2']);
      stop$.next();
      await replayed;
      await topology.close();
      expect(hung.seen.closed).toEqual(['a']);
      expect(good.seen.closed).toEqual(['a']);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not wait for a stream that hangs though it was told to give up', async () => {
    const env = testEnv({ scheduler: quick });
    const { kind: hung, seen } = kind(() => NEVER);
    const topology = await open(planTopology(before, { good: hung }), env);
    const never = jest.fn();
    void outcome(topology, batch).then(never);
    const after = planOf({ streams: [stream('b')], buckets: [two] }, { good: hung });
    expect(await topology.reload(after, WAIT_MS, nobody)()).toMatchObject(E.right({ removed: ['a'] }));
    expect(seen.closed).toEqual(['a']);
    expect(never).not.toHaveBeenCalled();
    expect(env.log).toMatchObject({ lines: [{ message: 'a stream did not settle in time', fields: { stream: 'a' } }] });
  });

  it('that a stop overtakes keeps what has not had its turn', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kahets-reload-'));
    const giveUp$ = new ReplaySubject<void>(1);
    const claims = ['/tmp/x'];
    const [hung, good] = [kind(() => NEVER, { claims }), kind(takes, { claims })];
    const kinds = { hung: hung.kind, good: good.kind, file };
    const env = testEnv({ scheduler: quick });
    try {
      const topology = await open(
        planTopology({ streams: [stream('a', { type: 'hung' })], buckets: [one] }, kinds, { spool: folder }),
        env,
        giveUp$,
      );
      void outcome(topology, batch);
      const swapped = new Subject<void>();
      const isSwapped = firstValueFrom(swapped);
      const after = planOf({ streams: [stream('a')], buckets: [one] }, kinds, folder);
      const reloaded = topology.reload(after, 1e9, () => swapped.next())();
      await isSwapped;
      const waiting = batchOf('one', ['3']);
      const second = outcome(topology, waiting);
      giveUp$.next();
      await reloaded;
      expect(await second).toMatchObject({ stream: 'a', delivered: 0, backedUp: 1 });
      await topology.close();
      expect(good.seen).toEqual({ opened: [], closed: [], batches: [] });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
