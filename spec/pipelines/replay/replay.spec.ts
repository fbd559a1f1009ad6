import { BehaviorSubject, map, mergeMap, NEVER, of, shareReplay, Subject, throwError, timer } from 'rxjs';
import { createLedger } from '../../../src/control/ledger';
import { SinkError, type Health, type LedgerRow, type Rest, type Write } from '../../../src/model';
import { replay } from '../../../src/pipelines/replay/replay';
import type { Primary, ReplayOptions } from '../../../src/pipelines/replay/options';
import { delivered, memoryLog, messagesOf, testEnv, unavailable } from '../../../src/testing/builders';
import { fakeSpool, messagesBatch as b, type FakeSpool } from '../../support/fakeSpool';
import { marbles, type Marbles } from '../../../src/testing/marbles';

const RETRY_MS = 1000;

/** A primary that takes what `refuses` does not name, a millisecond a batch, and what it has taken. */
const fakePrimary = ({ scheduler }: Marbles, parts: Partial<Primary> = {}) => {
  const taken: string[] = [];
  const tried: string[] = [];
  const refused = new Set<string>();
  let rest: Rest['written'] = 'no';
  const health$ = new BehaviorSubject<Health>({ state: 'up' });
  const returned$ = new Subject<void>();
  const backedUp$ = new Subject<void>();
  const write: Write = (batch) =>
    timer(1, scheduler).pipe(
      mergeMap(() => {
        tried.push(...messagesOf(batch));
        if (refused.has(batch.bucket)) return throwError(() => new SinkError('s', [unavailable(batch, rest)]));
        taken.push(...messagesOf(batch));
        return of(delivered(batch));
      }),
    );
  const primary: Primary = { write, health$, isOpen: () => false, returned$, backedUp$, order: undefined, ...parts };
  return {
    ...{ primary, taken, tried, refused, health$, returned$, backedUp$ },
    doubt: () => (rest = 'unknown'),
  };
};

const run = (m: Marbles, spool: FakeSpool, primary: Primary, parts: Partial<ReplayOptions> = {}) => {
  const ledger = createLedger();
  const log = memoryLog();
  const env = testEnv({ ledger, log, scheduler: m.scheduler });
  const options: ReplayOptions = {
    ...{ stream: 's', backup: spool, drain: undefined, drainExists: () => of(false), primary, files: spool },
    ...{ rate: 1, retryMs: RETRY_MS, owned$: NEVER, stop$: NEVER, giveUp$: NEVER, env },
    ...parts,
  };
  const row = (bucket: string): LedgerRow | undefined => ledger.rows().find((one) => one.bucket === bucket);
  const warnings = (): readonly string[] =>
    log.lines.filter(({ level }) => level === 'warn').map(({ message }) => message);
  return { replay$: replay(options), row, log, warnings, env };
};

/** A moment of the run. */
const at = (m: Marbles, ms: number, look: () => void): void => {
  m.expectObservable(
    timer(ms, m.scheduler).pipe(
      map(look),
      map(() => 'looked'),
    ),
  ).toBe(`${ms}ms (l|)`, { l: 'looked' });
};

/** Stops it at `ms`, and expects it to end then. */
const until = (m: Marbles, ms: number) => timer(ms, m.scheduler).pipe(shareReplay({ bufferSize: 1, refCount: false }));

describe('replay', () => {
  it('with nothing to send on: looks once, and again after something was backed up', () =>
    marbles((m) => {
      const spool = fakeSpool();
      const { primary, taken, backedUp$ } = fakePrimary(m);
      const { replay$ } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 4000, () => {
        expect(spool.calls).toEqual(['files', 'files']);
        spool.append(b('x', '1'));
        backedUp$.next();
      });
      at(m, 4999, () => expect(taken).toEqual([]));
      at(m, 5010, () => expect(taken).toEqual(['1']));
    }));

  it('sends files on, the oldest first, removes them, and counts what it found', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('one', 'x', [b('x', '1'), b('x', '2', '3')]);
      spool.add('two', 'x', [b('x', '4')]);
      const { primary, taken } = fakePrimary(m);
      const { replay$, row, log } = run(m, spool, primary, { stop$: until(m, 100) });
      m.expectObservable(replay$).toBe('100ms |');
      at(m, 1, () => expect(row('x')).toMatchObject({ recovered: 4, backedUp: 4 - taken.length }));
      at(m, 50, () => {
        expect(taken).toEqual(['1', '2', '3', '4']);
        expect(spool.paths()).toEqual([]);
        expect(row('x')).toMatchObject({ recovered: 4, backedUp: 0, delivered: 4, duplicatesPossible: 0 });
        expect(log.lines.map(({ message }) => message)).toEqual([
          'replay: messages wait to be sent on',
          'replay: all messages are sent on',
        ]);
      });
    }));

  it('waits while the primary is down, and begins when it is up', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('one', 'x', [b('x', '1')]);
      const { primary, taken, health$, returned$ } = fakePrimary(m);
      health$.next({ state: 'down', cause: 'refused' });
      const { replay$, row } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 4500, () => {
        expect(spool.calls).toEqual(['files', 'count one']);
        expect(row('x')).toMatchObject({ recovered: 1, backedUp: 1 });
        health$.next({ state: 'up' });
        returned$.next();
      });
      at(m, 4510, () => expect(taken).toEqual(['1']));
    }));

  it('lets a bucket wait whose topic takes nothing, in its order, and sends the others on', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('x1', 'x', [b('x', '1'), b('x', '2')]);
      spool.add('y1', 'y', [b('y', '3')]);
      spool.add('x2', 'x', [b('x', '4')]);
      const { primary, taken, tried, refused } = fakePrimary(m);
      refused.add('x');
      const { replay$, row } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 500, () => {
        expect(taken).toEqual(['3']);
        expect(tried).toEqual(['1', '3']);
        expect(spool.paths()).toEqual(['x1', 'x2']);
      });
      at(m, 1500, () => {
        expect(tried).toEqual(['1', '3', '1']);
        // What is left of the window is in memory: it is not read again.
        expect(spool.calls.filter((call) => call === 'next x1')).toHaveLength(1);
        refused.delete('x');
      });
      at(m, 8900, () => {
        expect(taken).toEqual(['3', '1', '2', '4']);
        expect(row('x')).toMatchObject({ delivered: 3, backedUp: 0, duplicatesPossible: 0 });
      });
    }));

  it('counts as perhaps twice what had an unknown outcome', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('one', 'x', [b('x', '1', '2')]);
      const { primary, refused, doubt } = fakePrimary(m);
      refused.add('x');
      doubt();
      const { replay$, row } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 500, () => refused.delete('x'));
      at(m, 1500, () => expect(row('x')).toMatchObject({ delivered: 2, duplicatesPossible: 2, backedUp: 0 }));
    }));

  it('keeps four windows in memory, and reads the others again', () =>
    marbles((m) => {
      const spool = fakeSpool();
      const buckets = ['a', 'b', 'c', 'd', 'e', 'f'];
      const { primary, refused, taken } = fakePrimary(m);
      for (const bucket of buckets) {
        spool.add(bucket, bucket, [b(bucket, bucket)]);
        refused.add(bucket);
      }
      const { replay$, env, row } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 500, () => {
        expect(spool.calls.filter((call) => call.startsWith('close'))).toEqual(['close e', 'close f']);
        expect(env.held.bytes).toBe(4);
        refused.clear();
      });
      at(m, 8900, () => {
        expect(taken).toEqual(buckets);
        expect(env.held.bytes).toBe(0);
        expect(buckets.map((bucket) => row(bucket)?.duplicatesPossible)).toEqual([0, 0, 0, 0, 1, 1]);
      });
    }));

  it('with the breaker open: one window tries the primary, and the rest of the round waits', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('x1', 'x', [b('x', '1')]);
      spool.add('y1', 'y', [b('y', '2')]);
      const { primary, tried, refused } = fakePrimary(m, { isOpen: () => true });
      refused.add('x').add('y');
      const { replay$ } = run(m, spool, primary, { stop$: until(m, 1500) });
      m.expectObservable(replay$).toBe('1500ms |');
      at(m, 900, () => expect(tried).toEqual(['1']));
      at(m, 1400, () => expect(tried).toEqual(['1', '1']));
    }));

  it('closes one open file of a bucket that waits, not one each time it is tried', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.append(b('x', '1'));
      const { primary, taken, tried, refused, backedUp$ } = fakePrimary(m);
      refused.add('x');
      const { replay$ } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 100, () => {
        expect(tried).toEqual(['1']);
        spool.append(b('x', '2'));
        backedUp$.next();
      });
      at(m, 5100, () => {
        expect(new Set(tried)).toEqual(new Set(['1']));
        refused.clear();
      });
      at(m, 8900, () => expect(taken).toEqual(['1', '2']));
    }));

  it('goes on after a file that could not be read, opened or removed', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('one', 'x', [b('x', '1')]);
      spool.add('two', 'y', [b('y', '2')]);
      spool.add('three', 'z', [b('z', '3')]);
      spool.fail('open one');
      spool.fail('next two');
      spool.fail('remove three');
      const { primary, taken } = fakePrimary(m);
      const { replay$, warnings, row } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 900, () => {
        expect(taken).toEqual(['3']);
        expect(warnings()).toEqual([
          'replay: a file could not be opened, and is tried again',
          'replay: a file could not be sent on, and is tried again',
          'replay: a file could not be sent on, and is tried again',
        ]);
      });
      at(m, 8900, () => {
        expect(taken).toEqual(['3', '1', '2']);
        expect(spool.paths()).toEqual([]);
        expect(row('z')).toMatchObject({ delivered: 1, backedUp: 0 });
      });
    }));

  it('tries again when the files cannot be listed or counted', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('one', 'x', [b('x', '1')]);
      spool.fail('files');
      spool.fail('count one');
      const { primary, taken } = fakePrimary(m);
      const { replay$, warnings } = run(m, spool, primary, { stop$: until(m, 9000) });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 8900, () => {
        expect(taken).toEqual(['1']);
        expect(warnings()).toEqual([
          'replay: the files cannot be listed, tried again',
          'replay: a file could not be counted',
        ]);
      });
    }));

  it('stops in mid-window when that is settled, and says so: nothing counts as twice', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('one', 'x', [b('x', '1'), b('x', '2'), b('x', '3')]);
      const { primary, taken } = fakePrimary(m);
      const first = run(m, spool, primary, { stop$: until(m, 1), rate: 0.1 });
      m.expectObservable(first.replay$).toBe('-|');
      at(m, 10, () => expect(taken).toEqual(['1']));
      const second = run(m, spool, primary, { stop$: until(m, 100) });
      m.expectObservable(timer(100, m.scheduler).pipe(mergeMap(() => second.replay$))).toBe('200ms |');
      at(m, 190, () => {
        expect(taken).toEqual(['1', '2', '3']);
        expect(first.row('x')).toMatchObject({ recovered: 3, delivered: 1, backedUp: 2 });
        expect(second.row('x')).toMatchObject({ recovered: 2, delivered: 2, backedUp: 0, duplicatesPossible: 0 });
      });
    }));

  it('ends at once where it was stopped before', () =>
    marbles((m) => {
      const spool = fakeSpool();
      spool.add('one', 'x', [b('x', '1')]);
      const { primary, taken } = fakePrimary(m);
      m.expectObservable(run(m, spool, primary, { stop$: of(0) }).replay$).toBe('|');
      m.flush();
      expect(taken).toEqual([]);
    }));

  describe('what a drain has left', () => {
    it('is not looked at while another process holds it', () =>
      marbles((m) => {
        const [backup, drain] = [fakeSpool(), fakeSpool()];
        drain.add('d', undefined, [b('x', '1'), b('y', '2')]);
        const { primary, taken } = fakePrimary(m);
        const owned$ = m.cold('5s o');
        const { replay$, row } = run(m, backup, primary, {
          ...{ drain, drainExists: () => of(true), files: drain, owned$, stop$: until(m, 9000) },
        });
        m.expectObservable(replay$).toBe('9s |');
        at(m, 4999, () => expect(drain.calls).toEqual([]));
        at(m, 5100, () => {
          expect(taken).toEqual(['1', '2']);
          expect(row('y')).toMatchObject({ recovered: 1, delivered: 1, backedUp: 0 });
        });
      }));

    const sendsBoth = (m: Marbles, backup: FakeSpool, drain: FakeSpool, expected: readonly string[]): void => {
      const ofDrain = drain.paths();
      const both: FakeSpool = { ...backup, open: (path) => (ofDrain.includes(path) ? drain : backup).open(path) };
      const { primary, taken } = fakePrimary(m);
      const { replay$ } = run(m, backup, primary, {
        ...{ drain, drainExists: () => of(true), files: both, owned$: of(0), stop$: until(m, 9000) },
      });
      m.expectObservable(replay$).toBe('9s |');
      at(m, 8900, () => expect(taken).toEqual(expected));
    };

    it('comes after what lay in the backup, and before what is backed up since', () =>
      marbles((m) => {
        const [backup, drain] = [fakeSpool(), fakeSpool()];
        backup.add('old', 'x', [b('x', '1')]);
        drain.add('d', undefined, [b('x', '2')]);
        backup.append(b('x', '3'));
        sendsBoth(m, backup, drain, ['1', '2', '3']);
      }));

    it('comes before what was backed up by a process that came after it and has ended, too', () =>
      marbles((m) => {
        const [backup, drain] = [fakeSpool(), fakeSpool()];
        backup.add('first', 'x', [b('x', '1')], 10);
        drain.add('d1', undefined, [b('x', '2')], 20);
        backup.add('second', 'x', [b('x', '3')], 30);
        backup.add('third', 'x', [b('x', '4')], 31);
        drain.add('d2', undefined, [b('x', '5')], 40);
        backup.append(b('x', '6'));
        sendsBoth(m, backup, drain, ['1', '2', '3', '4', '5', '6']);
      }));
  });
});
