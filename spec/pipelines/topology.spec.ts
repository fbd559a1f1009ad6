import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  asyncScheduler,
  firstValueFrom,
  lastValueFrom,
  mergeMap,
  NEVER,
  of,
  ReplaySubject,
  take,
  throwError,
} from 'rxjs';
import type { BackupConfig, Config } from '../../src/config/buckets';
import { SinkError, type CheckedSink, type OperatorKind, type SinkKind, type Write } from '../../src/model';
import { createLedger } from '../../src/control/ledger';
import { createUnsettled } from '../../src/control/unsettled';
import { NO_MODULES, type Modules } from '../../src/pipelines/modules';
import { planTopology, type Plan } from '../../src/pipelines/topology';
import { file } from '../../src/sinks/file';
import { countFile } from '../../src/spool/countFile';
import { folderExists } from '../../src/spool/folderExists';
import { openSpoolFile } from '../../src/spool/openSpoolFile';
import { batchOf, delivered, memoryLog, messagesOf, outcomeOf, testEnv } from '../../src/testing/builders';
import { backupConfig, bucketConfig } from '../support/builders';
import { filesIn } from '../support/numbered';
import { checkedOf, config, fails, kind, open, planned, stream, takes } from '../support/topologies';

describe('planTopology', () => {
  it('gathers the problems of all streams and backups, and opens nothing', () => {
    const bad: SinkKind = (_, path) => E.left([{ path: `${path}.x`, expected: 'a number', got: 'a text' }]);
    const good = kind(takes);
    const result = planTopology(
      config([
        stream('one', { type: 'bad', backup: backupConfig('bad') }),
        stream('two', { type: 'unheard' }),
        stream('three', { type: 'constructor' }),
      ]),
      { good: good.kind, bad },
    );
    expect(result).toEqual(
      E.left([
        { path: 'streamsConfigs.one.settings.x', expected: 'a number', got: 'a text' },
        { path: 'streamsConfigs.one.backup.settings.x', expected: 'a number', got: 'a text' },
        { path: 'streamsConfigs.two.type', expected: 'one of good, bad', got: '"unheard"' },
        { path: 'streamsConfigs.three.type', expected: 'one of good, bad', got: '"constructor"' },
      ]),
    );
    expect(good.seen.opened).toEqual([]);
  });

  it('refuses two sinks that claim the same place', () => {
    const { kind: good } = kind(takes, { claims: ['/tmp/{bucket}'] });
    expect(planTopology(config([stream('one', { backup: backupConfig('good') })]), { good })).toEqual(
      E.left([
        {
          path: 'streamsConfigs.one.backup',
          expected: 'a place of its own, not that of streamsConfigs.one',
          got: '/tmp/{bucket}',
        },
      ]),
    );
  });

  it('refuses to send on from a backup that cannot be read again', () => {
    const replayed = config([stream('one', { backup: backupConfig('good', {}, { replay: 'ordered' }) })]);
    expect(planTopology(replayed, { good: kind(takes).kind })).toEqual(
      E.left([
        {
          path: 'streamsConfigs.one.backup.replay',
          expected: 'false, since what a sink of the type good has taken cannot be sent on',
          got: '"ordered"',
        },
      ]),
    );
    expect(planTopology(replayed, { good: kind(takes, { replayable: 'perBucket' }).kind })).toMatchObject({
      _tag: 'Right',
    });
  });

  it('refuses to keep the order where files hold several buckets', () => {
    const mixed = { good: kind(takes, { replayable: 'mixed' }).kind };
    const replayed = (replay: BackupConfig['replay']): Config =>
      config([stream('one', { backup: backupConfig('good', {}, { replay }) })]);
    expect(planTopology(replayed('ordered'), mixed)).toEqual(
      E.left([
        {
          path: 'streamsConfigs.one.backup.replay',
          expected:
            'true or false, or {bucket} in the fileNameTemplate: order is kept bucket by bucket, in files of its own',
          got: '"ordered"',
        },
      ]),
    );
    expect(planTopology(replayed(true), mixed)).toMatchObject({ _tag: 'Right' });
  });

  it('checks dead letters as it does backups', () => {
    const bad: SinkKind = (_, path) => E.left([{ path: `${path}.x`, expected: 'a number', got: 'a text' }]);
    const { kind: good } = kind(takes, { claims: ['/tmp/{bucket}'] });
    expect(
      planTopology(config([stream('one', { deadLetter: { type: 'bad', settings: {} } })]), { good, bad }),
    ).toMatchObject(E.left([{ path: 'streamsConfigs.one.deadLetter.settings.x' }]));
    expect(
      planTopology(config([stream('one', { deadLetter: { type: 'good', settings: {} } })]), { good }),
    ).toMatchObject(E.left([{ path: 'streamsConfigs.one.deadLetter', got: '/tmp/{bucket}' }]));
  });

  it('passes on the warnings of sinks', () => {
    const warning = { path: 'p', expected: 'e', got: 'g' };
    const { kind: good } = kind(takes, { warnings: [warning] });
    expect(planned(planTopology(config([stream('one')]), { good })).warnings).toEqual([warning]);
  });

  it('batches as the tightest of the bucket and its sinks ask', async () => {
    const { kind: kafka } = kind(takes, { limits: { ms: 5, count: 3 } });
    const { kind: good } = kind(takes, { limits: { bytes: 100 } });
    const topology = await open(
      planTopology(config([stream('one', { type: 'kafka' }), stream('two')]), { good, kafka }),
    );
    expect(topology.routeOf('b')?.limits).toEqual({ count: 3, ms: 5, bytes: 100 });
  });

  it('keeps the limits of the bucket where its sinks ask for nothing', async () => {
    const { kind: good } = kind(takes);
    const topology = await open(planTopology(config([stream('one')]), { good }));
    expect(topology.routeOf('b')?.limits).toEqual({ count: 10, ms: 30_000, bytes: 1_000_000 });
  });

  it('takes an empty key for null where one of the streams of a bucket does', () => {
    const streams = [stream('one'), stream('two', { emptyKey: 'null' })];
    const buckets = [bucketConfig('plain', ['one']), bucketConfig('nulls', ['one', 'two'])];
    const { kind: good } = kind(takes);
    const of = (parts: Partial<Config>): Plan['emptyKeyOf'] =>
      planned(planTopology({ streams, buckets, ...parts }, { good })).emptyKeyOf;
    const withDefault = of({ defaultBucket: bucketConfig('default', ['two']) });
    expect(['plain', 'nulls', 'other'].map(withDefault)).toEqual(['empty', 'null', 'null']);
    expect(of({})('other')).toBe('empty');
  });

  it('routes unknown buckets to the default bucket, and nowhere without one', async () => {
    const { kind: good } = kind(takes);
    const defaultBucket = bucketConfig('default', ['one'], { batch: 7 });
    const without = await open(planTopology(config([stream('one')]), { good }));
    const withOne = await open(planTopology(config([stream('one')], { defaultBucket }), { good }));
    expect(without.routeOf('__proto__')).toBeUndefined();
    expect(withOne.routeOf('__proto__')?.limits.count).toBe(7);
    expect(withOne.routeOf('b')?.limits.count).toBe(10);
  });

  it('delivers to the primary, and to the backup what it does not take', async () => {
    const primary = kind(fails);
    const backup = kind(takes);
    const env = testEnv({ log: memoryLog() });
    const topology = await open(
      planTopology(config([stream('one', { type: 'bad', backup: backupConfig('good') })]), {
        bad: primary.kind,
        good: backup.kind,
      }),
      env,
    );
    const batch = batchOf('b', ['1', '2']);
    const [only] = topology.routeOf('b')?.streams ?? [];
    const outcome = await firstValueFrom(only?.deliver(batch) ?? NEVER);
    expect(outcome).toMatchObject(outcomeOf('one', batch, { backedUp: 2 }));
    expect(primary.seen.opened).toEqual(['one']);
    expect(backup.seen.opened).toEqual(['one.backup']);
    expect(backup.seen.batches.map(messagesOf)).toEqual([['1', '2']]);
  });

  describe('poison', () => {
    const poisoned: Write = (batch) =>
      throwError(() => new SinkError('s', [{ batch, cause: { kind: 'poison', message: 'too large' }, written: 'no' }]));
    const batch = batchOf('b', ['1', '2']);
    const deliverTo = async (config_: Config, kinds: Readonly<Record<string, SinkKind>>) => {
      const topology = await open(planTopology(config_, kinds), testEnv({ log: memoryLog() }));
      const outcome = await firstValueFrom(topology.routeOf('b')?.streams[0]?.deliver(batch) ?? NEVER);
      await topology.close();
      return outcome;
    };

    it('goes to the dead letters that are configured', async () => {
      const dead = kind(takes);
      const backup = kind(takes, { deadLetters: checkedOf(kind(takes).kind) });
      const sinks = { backup: backupConfig('backup'), deadLetter: { type: 'dead', settings: {} } };
      expect(
        await deliverTo(config([stream('one', { type: 'bad', ...sinks })]), {
          bad: kind(poisoned).kind,
          backup: backup.kind,
          dead: dead.kind,
        }),
      ).toMatchObject(outcomeOf('one', batch, { deadLettered: 2 }));
      expect(dead.seen).toMatchObject({ opened: ['one.deadLetter'], closed: ['one.deadLetter'], batches: [batch] });
      expect(backup.seen.batches).toEqual([]);
    });

    it('goes to those beside the backup where none are', async () => {
      const beside = kind(takes);
      const backup = kind(takes, { deadLetters: checkedOf(beside.kind) });
      expect(
        await deliverTo(config([stream('one', { type: 'bad', backup: backupConfig('backup') })]), {
          bad: kind(poisoned).kind,
          backup: backup.kind,
        }),
      ).toMatchObject(outcomeOf('one', batch, { deadLettered: 2 }));
      expect(beside.seen).toMatchObject({ opened: ['one.deadLetter'], closed: ['one.deadLetter'], batches: [batch] });
    });

    it('is counted where there are no dead letters at all', async () => {
      expect(
        await deliverTo(config([stream('one', { type: 'bad', backup: backupConfig('good') })]), {
          bad: kind(poisoned).kind,
          good: kind(takes).kind,
        }),
      ).toMatchObject(outcomeOf('one', batch, { dropped: [{ reason: 'poison', count: 2 }] }));
    });
  });

  it('tells the primary alone when a backup takes over', async () => {
    const told: unknown[] = [];
    const telling: SinkKind = () =>
      E.map<CheckedSink, CheckedSink>((checked) => ({
        ...checked,
        open: (env, options) => (told.push([env.name, options]), checked.open(env, options)),
      }))(kind(takes).kind({}, ''));
    const backup = backupConfig('good');
    await open(
      planTopology(config([stream('one', { backup, deadLetter: backup }), stream('two', { emptyKey: 'null' })]), {
        good: telling,
      }),
    );
    expect(told).toEqual([
      ['one', { emptyKey: 'empty', handOverMs: 10_000, spools: false }],
      ['one.backup', { emptyKey: 'empty', handOverMs: undefined, spools: false }],
      ['one.deadLetter', { emptyKey: 'empty', handOverMs: undefined, spools: false }],
      ['two', { emptyKey: 'null', handOverMs: undefined, spools: false }],
    ]);
  });

  it('bounds what waits for a primary by its share', async () => {
    const backup = kind(takes);
    const topology = await open(
      planTopology(config([stream('one', { type: 'full', backup: backupConfig('good') })]), {
        full: kind(() => NEVER, { share: { messages: 2, bytes: 1_000 } }).kind,
        good: backup.kind,
      }),
    );
    const [only] = topology.routeOf('b')?.streams ?? [];
    const [first, second] = [batchOf('b', ['1', '2']), batchOf('b', ['3'])];
    only?.deliver(first).subscribe();
    expect(await firstValueFrom(only?.deliver(second) ?? NEVER)).toMatchObject(
      outcomeOf('one', second, { backedUp: 1 }),
    );
  });

  it('samples a stream by its slice, the backup too', async () => {
    const primary = kind(fails);
    const backup = kind(takes);
    const chances = [0.1, 0.9, 0.5];
    const topology = await open(
      planTopology(config([stream('one', { type: 'bad', slice: 0.5, backup: backupConfig('good') })]), {
        bad: primary.kind,
        good: backup.kind,
      }),
      testEnv({ random: () => chances.shift() ?? 0 }),
    );
    const batch = batchOf('b', ['1', '2']);
    const [only] = topology.routeOf('b')?.streams ?? [];
    expect(await firstValueFrom(only?.deliver(batch) ?? NEVER)).toMatchObject(
      outcomeOf('one', batch, { backedUp: 1, sampledOut: 1 }),
    );
    expect(backup.seen.batches.map(messagesOf)).toEqual([['1']]);
  });

  it('keeps for the next start what is left when the drain gives up, and sends it on', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kahets-topology-'));
    const told$ = new ReplaySubject<void>(1);
    const env = testEnv({ scheduler: asyncScheduler });
    const giveUp: Write = (batch, giveUp$) =>
      giveUp$.pipe(
        take(1),
        mergeMap(() => fails(batch, NEVER)),
      );
    const claimed: unknown[] = [];
    const claim = async (): Promise<void> => void claimed.push(await readdir(folder));
    const opened = async (write: Write, ledger = env.ledger) => {
      const result = planTopology(config([stream('a/b')]), { good: kind(write).kind, file }, { spool: folder });
      const either = await planned(result).open({ ...env, ledger }, told$, claim)();
      if (E.isLeft(either)) throw new Error(either.left.message);
      return either.right;
    };
    try {
      const first = await opened(giveUp);
      const batch = batchOf('b', ['1', '2']);
      const outcome$ = first.routeOf('b')?.streams[0]?.deliver(batch) ?? NEVER;
      expect(await readdir(folder)).toEqual([]);
      expect(claimed).toEqual([]);
      told$.next();
      expect(await firstValueFrom(outcome$)).toMatchObject(outcomeOf('a/b', batch, { backedUp: 2 }));
      await first.close();
      // Before anything was made there.
      expect(claimed).toEqual([[]]);
      expect(await filesIn(path.join(folder, 'streams/a%2Fb'))).toHaveLength(1);

      const taken: string[] = [];
      const done$ = new ReplaySubject<void>(1);
      const ledger = createLedger();
      const second = await opened((one) => {
        taken.push(...messagesOf(one));
        done$.next();
        return of(delivered(one));
      }, ledger);
      const parts = {
        ...{ open: (name: string) => openSpoolFile(name, { log: env.log }), count: countFile, exists: folderExists },
        ...{ owned$: of(0), stop$: done$ },
      };
      await lastValueFrom(second.replay(parts), { defaultValue: undefined });
      await second.close();
      expect(taken).toEqual(['1', '2']);
      expect(ledger.rows()).toMatchObject([{ bucket: 'b', stream: 'a/b', recovered: 2, delivered: 2, backedUp: 0 }]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('closes every sink', async () => {
    const { kind: good, seen } = kind(takes);
    const topology = await open(
      planTopology(config([stream('one', { backup: backupConfig('good') }), stream('two')]), { good }),
    );
    await topology.close();
    expect([...seen.closed].sort()).toEqual(['one', 'one.backup', 'two']);
  });

  it('leaves nothing open where a later stream, or an operator of a bucket, does not open', async () => {
    const { kind: good, seen } = kind(takes);
    const bad = kind(takes, { open: ({ name }) => TE.left({ sink: name, message: 'no such folder' }) });
    const streams = [stream('one'), stream('two', { type: 'bad' })];
    const notAll = planTopology(config(streams), { good, bad: bad.kind });
    expect(await planned(notAll).open(testEnv(), NEVER)()).toEqual(E.left({ sink: 'two', message: 'no such folder' }));
    expect(seen).toMatchObject({ opened: ['one'], closed: ['one'] });
    const modules: Modules = {
      ...NO_MODULES,
      operator: () => E.right({ isStale: false, kind: () => E.right({ open: () => 'no function' as never }) }),
    };
    const buckets = [bucketConfig('b', ['one'], { operators: [{ module: './m.js', settings: {} }] })];
    const noRoute = planTopology(config([stream('one')], { buckets }), { good }, { modules });
    expect(E.isLeft(await planned(noRoute).open(testEnv(), NEVER)())).toBe(true);
    expect(seen).toMatchObject({ opened: ['one', 'one'], closed: ['one', 'one'] });
  });

  it('says which sink could not be opened', async () => {
    const { kind: good } = kind(takes, { open: ({ name }) => TE.left({ sink: name, message: 'no such folder' }) });
    const result = await planned(planTopology(config([stream('one')]), { good })).open(testEnv(), NEVER)();
    expect(result).toEqual(E.left({ sink: 'one', message: 'no such folder' }));
  });

  describe('operators', () => {
    const passing = (open: OperatorKind): Modules => ({
      ...NO_MODULES,
      operator: () => E.right({ kind: open, isStale: false }),
    });
    /** Puts the place of each opening behind the messages. */
    const numbering = (): { readonly opened: string[]; readonly modules: Modules } => {
      const opened: string[] = [];
      const open: OperatorKind = (settings) =>
        E.right({
          open: ({ name }) => {
            const number = opened.push(`${JSON.stringify(settings)} ${name}`);
            return (message) => ({ ...message, value: Buffer.from(`${String(message.value)}:${number}`) });
          },
        });
      return { opened, modules: passing(open) };
    };
    const operator = (n: number) => ({ module: './m.js', settings: { n } });

    it('those of a bucket are opened for each of its streams, those of a stream once, and messages pass both', async () => {
      const good = kind(takes);
      const { opened, modules } = numbering();
      const of_ = (id: string) => bucketConfig(id, ['one', 'two'], { operators: [operator(1)] });
      const topology = await open(
        planTopology(
          {
            streams: [stream('one', { operators: [operator(2)] }), stream('two')],
            buckets: [of_('a'), of_('b')],
          },
          { good: good.kind },
          { modules },
        ),
      );
      expect(opened).toEqual(['{"n":2} one', '{"n":1} one', '{"n":1} two', '{"n":1} one', '{"n":1} two']);
      const [one, two] = topology.routeOf('b')?.streams ?? [];
      const batch = batchOf('b', ['x']);
      expect(await lastValueFrom(one?.deliver(batch) ?? NEVER)).toMatchObject({ batch, delivered: 1 });
      await lastValueFrom(two?.deliver(batch) ?? NEVER);
      expect(good.seen.batches.map(messagesOf)).toEqual([['x:4:1'], ['x:5']]);
      await topology.close();
    });

    it('problems of modules stand at their places, all at once', () => {
      const modules: Modules = { ...NO_MODULES, operator: (path) => E.left(`${path}: gone`) };
      const planned_ = planTopology(
        config([stream('one', { operators: [operator(1)] })], {
          defaultBucket: bucketConfig('default', ['one'], { operators: [operator(1), operator(2)] }),
        }),
        { good: kind(takes).kind },
        { modules },
      );
      expect(E.isLeft(planned_) && planned_.left.map(({ path: at, got }) => `${at}: ${got}`)).toEqual([
        'streamsConfigs.one.operators[0]: ./m.js: gone',
        'defaultBucket.operators[0]: ./m.js: gone',
        'defaultBucket.operators[1]: ./m.js: gone',
      ]);
    });

    it('one that does not open is an error that names it', async () => {
      const fails_ = passing(() =>
        E.right({
          open: () => {
            throw new Error('no list of fields');
          },
        }),
      );
      const good = { good: kind(takes).kind };
      const ofStream = planTopology(config([stream('one', { operators: [operator(1)] })]), good, { modules: fails_ });
      expect(await planned(ofStream).open(testEnv(), NEVER)()).toEqual(
        E.left({ sink: 'one', message: './m.js: no list of fields' }),
      );
      const buckets = [bucketConfig('b', ['one'], { operators: [operator(1)] })];
      const ofBucket = planTopology(config([stream('one')], { buckets }), good, { modules: fails_ });
      expect(await planned(ofBucket).open(testEnv(), NEVER)()).toEqual(
        E.left({ sink: 'operators', message: './m.js: no list of fields' }),
      );
    });

    it('a reload with one that does not open changes nothing; one that is the same keeps what it remembers', async () => {
      const good = kind(takes);
      const { opened, modules } = numbering();
      const plan = (n: number, more: Modules) =>
        planned(
          planTopology(
            config([stream('one')], { buckets: [bucketConfig('b', ['one'], { operators: [operator(n)] })] }),
            { good: good.kind },
            { modules: more },
          ),
        );
      const topology = await open(E.right(plan(1, modules)));
      const before = topology.routeOf('b');
      await topology.reload(plan(1, modules), 0, () => undefined)();
      expect(topology.routeOf('b')).toBe(before);
      const broken = passing(() => E.right({ open: () => 'no function' as never }));
      const taken = jest.fn();
      expect(await topology.reload(plan(2, broken), 0, taken)()).toEqual(
        E.left({ sink: 'operators', message: './m.js: open: expected a function, got string' }),
      );
      expect(taken).not.toHaveBeenCalled();
      expect(topology.routeOf('b')).toBe(before);
      await topology.reload(plan(2, modules), 0, taken)();
      expect(topology.routeOf('b')).not.toBe(before);
      expect(opened).toEqual(['{"n":1} one', '{"n":2} one']);
      await topology.close();
    });

    it('what they fail at is left to all of them by a crash, and what they made is not', async () => {
      const parts = createUnsettled();
      const hung = kind(() => NEVER);
      const modules = passing(() =>
        E.right({
          open: () => (message) => {
            if (String(message.value) === 'bad') throw new Error('no');
            return { ...message, bucket: 'x' };
          },
        }),
      );
      const deadLetter = { type: 'hung', settings: {} };
      const topology = await open(
        planTopology(
          {
            streams: [stream('one', { type: 'hung', deadLetter })],
            buckets: [bucketConfig('b', ['one'], { operators: [operator(1)] })],
          },
          { hung: hung.kind },
          { modules },
        ),
        testEnv({ unsettled: parts.unsettled }),
      );
      const [one] = topology.routeOf('b')?.streams ?? [];
      const delivering = one?.deliver(batchOf('b', ['good', 'bad'])).subscribe();
      await new Promise((resolve) => setImmediate(resolve));
      expect([...parts.written()].map(({ batch }) => [batch.bucket, messagesOf(batch)])).toEqual([['x', ['good']]]);
      expect(messagesOf({ frames: [...parts.gathered()] })).toEqual(['bad']);
      delivering?.unsubscribe();
    });
  });
});
