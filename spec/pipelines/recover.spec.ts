import { BehaviorSubject, map, NEVER, of, throwError, type Observable, type ObservableInput } from 'rxjs';
import { createHeld } from '../../src/control/held';
import type { Batch, Frames, Held, Outcome } from '../../src/model';
import { recover, type RecoverOptions } from '../../src/pipelines/recover';
import type { AcceptedFile } from '../../src/spool/acceptedFiles';
import { anOrigin, frames, memoryLog, messagesOf, outcomeOf } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

/** A file of runs: each text is a run of its own, each part of the list one window. */
const fileOf = (path: string, ...windows: readonly (readonly string[])[]) => {
  const calls = { removed: 0, closed: 0 };
  const left = windows.map((texts) => {
    const origin = { ...anOrigin(), recovered: true };
    return texts.map((text): Frames => frames(text.startsWith('?') ? 'unknown' : 'b', [text], origin));
  });
  const file = {
    path,
    next: (): ObservableInput<readonly Frames[] | undefined> => of(left.shift()),
    close: () => {
      calls.closed += 1;
      return Promise.resolve();
    },
    remove: () => {
      calls.removed += 1;
      return Promise.resolve();
    },
  };
  return { calls, file };
};

type FakeFile = ReturnType<typeof fileOf>['file'];

const setUp = (files: readonly FakeFile[], parts: Partial<RecoverOptions> = {}) => {
  const log = memoryLog();
  const held: Held = createHeld({ high: 1 << 20, low: 1 << 19 });
  const recovery = recover({
    ...{ log, held, owned$: of(undefined), accepts: (bucket) => bucket === 'b', mostBytes: 1 << 20 },
    list: () => of(files.map(({ path }) => path)),
    // Where the file system answers at once virtual time can drive it.
    open: (path) => of(files.find((file) => file.path === path) as unknown as AcceptedFile),
    ...parts,
  });
  const settle = (runs: readonly Frames[], outcome: Partial<Outcome> = {}): void => {
    const count = runs.reduce((sum, run) => sum + run.count, 0);
    const batch: Batch = { bucket: 'b', frames: runs, count, bytes: 0, closedBy: 'end' };
    recovery.settled({ batch, outcomes: [outcomeOf('s', batch, outcome)] });
  };
  return { log, held, recovery, settle };
};

const text = (run: Frames): string => messagesOf({ frames: [run] }).join('');

/** Collects what comes, on virtual time. */
const collect = (frames$: Observable<Frames>): Frames[] => {
  const runs: Frames[] = [];
  marbles(({ flush }) => {
    frames$.subscribe((run) => runs.push(run));
    flush();
  });
  return runs;
};

describe('recover', () => {
  it('never, empty: waits until the spool is ours, and ends where nothing lies there', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(setUp([], { owned$: NEVER }).recovery.frames$).toBe('-');
      expectObservable(setUp([], { owned$: cold('--o') }).recovery.frames$).toBe('--|');
    }));

  it('one, many: brings in file by file, in order, and charges what it brings', () =>
    marbles(({ cold, expectObservable, flush }) => {
      const { file: one } = fileOf('one', ['a', 'b'], ['c']);
      const { file: other } = fileOf('other', ['d']);
      const { recovery, held } = setUp([one, other], { owned$: cold('--o') });
      expectObservable(recovery.frames$.pipe(map(text))).toBe('--(abcd|)');
      flush();
      expect(held.bytes).toBe(4 * frames('b', ['a']).bytes.length);
    }));

  it('waits while memory is full', () =>
    marbles(({ scheduler, expectObservable }) => {
      const { file } = fileOf('one', ['a'], ['b']);
      const held = createHeld({ high: 1000, low: 500 });
      held.charge(1000);
      scheduler.schedule(() => held.release(1000), 3);
      expectObservable(setUp([file], { held }).recovery.frames$.pipe(map(text))).toBe('---(ab|)');
    }));

  it('waits while much of what it brought has not settled', () => {
    const { file } = fileOf('one', ['a'], ['b'], ['c']);
    const { recovery, settle } = setUp([file], { mostBytes: 1 });
    const runs: Frames[] = [];
    recovery.frames$.subscribe((run) => runs.push(run));
    expect(runs.map(text)).toEqual(['a']);
    settle(runs.slice(0, 1));
    expect(runs.map(text)).toEqual(['a', 'b']);
    settle(runs.slice(1, 2));
    expect(runs.map(text)).toEqual(['a', 'b', 'c']);
  });

  it('removes a file when all of it has settled, and not before', async () => {
    const { file, calls } = fileOf('one', ['a', 'b'], ['c']);
    const { recovery, settle, log } = setUp([file]);
    const [a, b, c] = collect(recovery.frames$);
    if (!a || !b || !c) throw new Error('expected three runs');
    settle([a, c]);
    expect(calls.removed).toBe(0);
    settle([frames('b', ['live'])]);
    expect(calls.removed).toBe(0);
    settle([b]);
    await recovery.close();
    expect(calls).toEqual({ removed: 1, closed: 1 });
    expect(log.lines.map(({ level }) => level)).toEqual(['info']);
  });

  it('removes a file that has settled before all of it was read only at its end', () => {
    const { file, calls } = fileOf('one', ['a'], ['b']);
    const { recovery, settle } = setUp([file]);
    const removed: number[] = [];
    recovery.frames$.subscribe((run) => {
      settle([run]);
      removed.push(calls.removed);
    });
    expect(removed).toEqual([0, 0]);
    expect(calls.removed).toBe(1);
  });

  it('removes a file in which there is nothing', () => {
    const { file, calls } = fileOf('one');
    collect(setUp([file]).recovery.frames$);
    expect(calls.removed).toBe(1);
  });

  it.each([
    ['poison', 1],
    ['unavailable', 0],
    ['gave_up', 0],
  ])('of what was dropped as %s the file goes %d times', (reason, times) => {
    const { file, calls } = fileOf('one', ['a']);
    const { recovery, settle } = setUp([file]);
    settle(collect(recovery.frames$), { dropped: [{ reason, count: 1 }] });
    expect(calls.removed).toBe(times);
  });

  it('keeps a file with messages that have no bucket, and says so once a bucket', () => {
    const { file, calls } = fileOf('one', ['a', '?b', '?c']);
    const { recovery, settle, log } = setUp([file]);
    const runs = collect(recovery.frames$);
    expect(runs.map(text)).toEqual(['a']);
    settle(runs);
    expect(calls).toEqual({ removed: 0, closed: 1 });
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { path: 'one', bucket: 'unknown' } }]);
  });

  it('error: a file that cannot be opened or read stays, is logged, and the next is read', () => {
    const broken = fileOf('broken', ['a']);
    const { file } = fileOf('whole', ['b']);
    const { next } = broken.file;
    let asked = 0;
    broken.file.next = () => (asked++ === 0 ? next() : throwError(() => new Error('broken: EIO')));
    const missing = fileOf('missing').file;
    const { recovery, settle, log } = setUp([missing, broken.file, file], {
      open: (path) =>
        path === 'missing'
          ? throwError(() => new Error('missing: ENOENT'))
          : of((path === 'broken' ? broken.file : file) as unknown as AcceptedFile),
    });
    const runs = collect(recovery.frames$);
    expect(runs.map(text)).toEqual(['a', 'b']);
    settle(runs);
    expect(broken.calls).toEqual({ removed: 0, closed: 1 });
    expect(log.lines.filter(({ level }) => level === 'error').map(({ fields }) => fields['cause'])).toEqual([
      'Error: missing: ENOENT',
      'Error: broken: EIO',
    ]);
  });

  it('error: completes where the files cannot be listed, and says so', () =>
    marbles(({ expectObservable, flush }) => {
      const { recovery, log } = setUp([], { list: () => throwError(() => new Error('EACCES')) });
      expectObservable(recovery.frames$).toBe('|');
      flush();
      expect(log.lines).toMatchObject([{ level: 'error', fields: { cause: 'Error: EACCES' } }]);
    }));

  it('says so where a file cannot be removed', async () => {
    const { file } = fileOf('one');
    file.remove = () => Promise.reject(new Error('one: EROFS'));
    const { recovery, log } = setUp([file]);
    collect(recovery.frames$);
    await recovery.close();
    expect(log.lines).toMatchObject([{ level: 'error', fields: { cause: 'Error: one: EROFS' } }]);
  });

  it('early unsubscribe: reads no more, closes the file, keeps it', () => {
    const { file, calls } = fileOf('one', ['a'], ['b']);
    const { recovery, settle } = setUp([file], { mostBytes: 1 });
    const runs: Frames[] = [];
    const subscription = recovery.frames$.subscribe((run) => runs.push(run));
    subscription.unsubscribe();
    settle(runs);
    expect(runs.map(text)).toEqual(['a']);
    expect(calls).toEqual({ removed: 0, closed: 1 });
  });

  it('throwing callback: what throws downstream ends it', () => {
    const { file, calls } = fileOf('one', ['a']);
    const failed = new BehaviorSubject<unknown>(undefined);
    setUp([file])
      .recovery.frames$.pipe(
        map(() => {
          throw new Error('defect');
        }),
      )
      .subscribe({ error: (error: unknown) => failed.next(error) });
    expect(failed.value).toEqual(new Error('defect'));
    expect(calls).toEqual({ removed: 0, closed: 1 });
  });
});
