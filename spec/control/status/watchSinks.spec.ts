import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { EMPTY, firstValueFrom, NEVER, of, Subject } from 'rxjs';
import { watchSinks, type WatchedSinks } from '../../../src/control/status/watchSinks';
import {
  NO_OPTIONS,
  type CheckedSink,
  type Health,
  type Sink,
  type SinkKind,
  type SpoolFile,
} from '../../../src/model';
import { batchOf, delivered, testEnv } from '../../../src/testing/builders';

const sinkOf = (parts: Partial<Sink> = {}): Sink => ({
  write: (batch) => of(delivered(batch)),
  health$: NEVER,
  close: () => Promise.resolve(),
  ...parts,
});

const checkedOf = (sink: Sink): CheckedSink => ({
  ...{ warnings: [], limits: {}, deadlineMs: undefined, claims: [] },
  open: () => TE.right(sink),
});

const kindOf =
  (sink: Sink): SinkKind =>
  () =>
    E.right(checkedOf(sink));

const opened = async (watched: WatchedSinks, name: string): Promise<Sink> => {
  const checked = watched.kinds['kind']?.({}, 'path');
  if (!checked || E.isLeft(checked)) throw new Error('expected a checked sink');
  const result = await checked.right.open(testEnv({ name }), NO_OPTIONS)();
  if (E.isLeft(result)) throw new Error(result.left.message);
  return result.right;
};

const file = (name: string, bytes: number, madeMs: number): SpoolFile => ({
  ...{ path: name, bytes, madeMs, bucket: 'b', own: true },
});

describe('watchSinks', () => {
  it('knows nothing of sinks that are not open', () => {
    const watched = watchSinks({ kind: kindOf(sinkOf()) }, () => 1);
    expect(watched.healthOf('s')).toBeUndefined();
    expect(watched.waitingOf('s')).toEqual({ files: 0, bytes: 0, oldestMs: undefined });
  });

  it('leaves what sinks do as it is', async () => {
    let closed = 0;
    const sink = sinkOf({ retries: true, close: () => Promise.resolve(void (closed += 1)) });
    const watched = await opened(
      watchSinks({ kind: kindOf(sink) }, () => 1),
      's',
    );
    const batch = batchOf('b', ['m']);
    expect(await firstValueFrom(watched.write(batch, EMPTY))).toEqual(delivered(batch));
    expect(watched.retries).toBe(true);
    expect(watched).not.toHaveProperty('spool');
    await watched.close();
    expect(closed).toBe(1);
  });

  it('passes on what is wrong with settings, and why a sink cannot be opened', async () => {
    const problem = { path: 'p', expected: 'e', got: 'g' };
    const wrong = watchSinks({ kind: () => E.left([problem]) }, () => 1);
    expect(wrong.kinds['kind']?.({}, 'p')).toEqual(E.left([problem]));
    const failing: CheckedSink = { ...checkedOf(sinkOf()), open: () => TE.left({ sink: 's', message: 'no folder' }) };
    await expect(
      opened(
        watchSinks({ kind: () => E.right(failing) }, () => 1),
        's',
      ),
    ).rejects.toThrow('no folder');
  });

  it('notes the last health, and since when it is that state', async () => {
    const health$ = new Subject<Health>();
    let now = 0;
    const watched = watchSinks({ kind: kindOf(sinkOf({ health$ })) }, () => (now += 1));
    const sink = await opened(watched, 's');
    const seen: Health[] = [];
    const subscription = sink.health$.subscribe((health) => seen.push(health));
    health$.next({ state: 'up' });
    expect(watched.healthOf('s')).toEqual({ health: { state: 'up' }, sinceMs: 1 });
    health$.next({ state: 'down', cause: 'one' });
    health$.next({ state: 'down', cause: 'two' });
    expect(watched.healthOf('s')).toEqual({ health: { state: 'down', cause: 'two' }, sinceMs: 2 });
    expect(seen).toHaveLength(3);
    subscription.unsubscribe();
  });

  it('listens to the sink that was opened last of a name', async () => {
    const [first$, second$] = [new Subject<Health>(), new Subject<Health>()];
    const sinks = [sinkOf({ health$: first$ }), sinkOf({ health$: second$ })];
    const kind: SinkKind = () => E.right({ ...checkedOf(sinkOf()), open: () => TE.right(sinks.shift() ?? sinkOf()) });
    const watched = watchSinks({ kind }, () => 1);
    const subscriptions = [];
    for (let n = 0; n < 2; n += 1) subscriptions.push((await opened(watched, 's')).health$.subscribe());
    expect(watched.healthOf('s')).toBeUndefined();
    second$.next({ state: 'up' });
    first$.next({ state: 'down', cause: 'it drains' });
    expect(watched.healthOf('s')?.health.state).toBe('up');
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('listens again to the one before, where what was to replace it is closed first', async () => {
    const [running$, tried$] = [new Subject<Health>(), new Subject<Health>()];
    const sinks = [sinkOf({ health$: running$ }), sinkOf({ health$: tried$ })];
    const kind: SinkKind = () => E.right({ ...checkedOf(sinkOf()), open: () => TE.right(sinks.shift() ?? sinkOf()) });
    const watched = watchSinks({ kind }, () => 1);
    const [running, tried] = [await opened(watched, 's'), await opened(watched, 's')];
    const subscriptions = [running, tried].map(({ health$ }) => health$.subscribe());
    running$.next({ state: 'up' });
    tried$.next({ state: 'down', cause: 'no such broker' });
    await tried.close();
    expect(watched.healthOf('s')?.health.state).toBe('up');
    // What the last one has said holds when it is closed.
    await running.close();
    expect(watched.healthOf('s')?.health.state).toBe('up');
    for (const subscription of subscriptions) subscription.unsubscribe();
  });

  it('sees the dead letters beside a sink by their name too', async () => {
    const beside = checkedOf(sinkOf({ health$: of({ state: 'up' }) }));
    const kind: SinkKind = () => E.right({ ...checkedOf(sinkOf()), deadLetters: beside });
    const watched = watchSinks({ kind }, () => 1);
    const checked = watched.kinds['kind']?.({}, 'p');
    if (!checked || E.isLeft(checked)) throw new Error('expected a checked sink');
    const result = await checked.right.deadLetters?.open(testEnv({ name: 's.deadLetter' }), NO_OPTIONS)();
    if (!result || E.isLeft(result)) throw new Error('expected an open sink');
    await firstValueFrom(result.right.health$);
    expect(watched.healthOf('s.deadLetter')?.health.state).toBe('up');
  });

  describe('of files that wait to be sent on', () => {
    const setUp = async () => {
      const closing: boolean[] = [];
      const state = { nowMs: 10_000, files: [file('a', 10, 100), file('b', 20, 101)], hangs: false };
      const spool = {
        files: (closes: (bucket: string) => boolean) => {
          closing.push(closes('b'));
          return state.hangs ? new Promise<readonly SpoolFile[]>(() => undefined) : Promise.resolve(state.files);
        },
      };
      const watched = watchSinks({ kind: kindOf(sinkOf({ spool })) }, () => state.nowMs);
      return { closing, state, watched, sink: await opened(watched, 's.backup') };
    };

    it('asks nothing before who sends them on has', async () => {
      const { closing, watched } = await setUp();
      await watched.look();
      expect(closing).toEqual([]);
    });

    it('knows what was listed last', async () => {
      const { closing, state, watched, sink } = await setUp();
      expect(await sink.spool?.files(() => true)).toBe(state.files);
      expect(watched.waitingOf('s.backup')).toEqual({ files: 2, bytes: 30, oldestMs: 100 });
      expect(closing).toEqual([true]);
    });

    it('looks again, every two seconds at most, and closes nothing', async () => {
      const { closing, state, watched, sink } = await setUp();
      await sink.spool?.files(() => true);
      state.files = [file('b', 20, 0)];
      await Promise.all([watched.look(), watched.look()]);
      expect(watched.waitingOf('s.backup')).toEqual({ files: 1, bytes: 20, oldestMs: undefined });
      state.nowMs += 1999;
      await watched.look();
      expect(closing).toEqual([true, false]);
      state.nowMs += 1;
      await watched.look();
      expect(closing).toEqual([true, false, false]);
    });

    it('waits for no disk that hangs', async () => {
      const { state, watched, sink } = await setUp();
      await sink.spool?.files(() => true);
      state.hangs = true;
      await watched.look();
      expect(watched.waitingOf('s.backup').files).toBe(2);
    });

    it('asks nothing of a sink that is closed', async () => {
      const { closing, watched, sink } = await setUp();
      await sink.spool?.files(() => true);
      await sink.close();
      await watched.look();
      expect(closing).toEqual([true]);
    });
  });
});
