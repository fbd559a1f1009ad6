import {
  concat,
  ignoreElements,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  Subject,
  Subscription,
  tap,
  throwError,
  type Observable,
} from 'rxjs';
import type { Batch, BatchLimits, Close, Frames, Origin } from '../../src/model';
import { createUnsettled } from '../../src/control/unsettled';
import { batch } from '../../src/operators/batch';
import { KeptRuns } from '../../src/operators/batchMemory';
import { anOrigin, frames, messagesOf } from '../../src/testing/builders';
import { type Marbles, marbles } from '../../src/testing/marbles';

const limits = (parts: Partial<BatchLimits> = {}): BatchLimits => ({ count: 100, bytes: 1_000_000, ms: 50, ...parts });
const one = (message: string): Frames => frames('b', [message]);
const runs = { a: one('a'), b: one('b'), c: one('c'), d: one('d') };
/** A batch as text: what closed it, and its messages. */
const text = (closed: Batch): string => `${closed.closedBy}:${messagesOf(closed).join('')}`;

const defect = new Error('a defect');
const throwDefect = (): never => {
  throw defect;
};

describe('batch', () => {
  it('never: waits with a source that never emits', () =>
    marbles(({ cold, expectObservable, expectSubscriptions, scheduler }) => {
      const source = cold<Frames>('-');
      const subs = '               ^';
      expectObservable(source.pipe(batch(limits(), NEVER, { scheduler }))).toBe('-');
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('empty: emits nothing for a source that emits nothing', () =>
    marbles(({ cold, expectObservable, expectSubscriptions, scheduler }) => {
      const source = cold<Frames>('---|');
      const subs = '               ^--!';
      const expected = '           ---|';
      expectObservable(source.pipe(batch(limits(), NEVER, { scheduler }))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('one: closes ms after the first run, not after the subscription', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('  ---a-b-----', runs);
      const expected = '     --------x--';
      expectObservable(source.pipe(batch(limits({ ms: 5 }), NEVER, { scheduler }), map(text))).toBe(expected, {
        x: 'time:ab',
      });
    }));

  it('many: closes at count, and the timer starts anew with the next run', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('  -a-b-c-------d|', runs);
      const expected = '     ---x------y---(z|)';
      expectObservable(source.pipe(batch(limits({ count: 2, ms: 5 }), NEVER, { scheduler }), map(text))).toBe(
        expected,
        {
          x: 'count:ab',
          y: 'time:c',
          z: 'end:d',
        },
      );
    }));

  it('does not split a run: the one that reaches the limit still goes in', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('  -a-m-|', { ...runs, m: frames('b', ['1', '2', '3']) });
      const expected = '     ---x-|';
      expectObservable(source.pipe(batch(limits({ count: 2 }), NEVER, { scheduler }), map(text))).toBe(expected, {
        x: 'count:a123',
      });
    }));

  it('closes at bytes, and not before', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('  -a-b-c|', runs);
      const expected = '     ---x--(y|)';
      const bytes = runs.a.bytes.length + runs.b.bytes.length;
      expectObservable(source.pipe(batch(limits({ bytes }), NEVER, { scheduler }), map(text))).toBe(expected, {
        x: 'bytes:ab',
        y: 'end:c',
      });
    }));

  it('closes what is open when memory asks, and nothing when nothing is open', () =>
    marbles(({ cold, hot, expectObservable, scheduler }) => {
      const source = cold('      -a-b-----c-|', runs);
      const close$ = hot<Close>('----m-m-----', { m: { reason: 'memory' } });
      const expected = '         ----x------(y|)';
      expectObservable(source.pipe(batch(limits(), close$, { scheduler }), map(text))).toBe(expected, {
        x: 'memory:ab',
        y: 'end:c',
      });
    }));

  describe('for a sync', () => {
    const ask = (origin: Origin): void => origin.gathering?.forEach((close) => close());
    /** Runs of one connection, which asks at each `s`. */
    const asking = ({ cold, scheduler }: Marbles, source: string, asks: string, ms = 50, count = 100) => {
      const mine = anOrigin();
      const own = { a: frames('b', ['a'], mine), b: frames('b', ['b'], mine), o: frames('b', ['o']) };
      const batched$ = cold(source, own).pipe(batch(limits({ ms, count }), NEVER, { scheduler }), map(text));
      return merge(
        batched$,
        cold(asks).pipe(
          tap(() => ask(mine)),
          ignoreElements(),
        ),
      );
    };

    it('closes at once when it holds messages of the one who asks, with all that it holds', () =>
      marbles((m) => {
        const batched$ = asking(m, '-o-a--o---|', '-----s-s--|');
        m.expectObservable(batched$).toBe('-----x----(y|)', { x: 'sync:oa', y: 'end:o' });
      }));

    it('closes nothing when nothing is open, nor for one whose messages it holds no more', () =>
      marbles((m) => {
        const batched$ = asking(m, '--a-----o-|', 's----s---s|', 2);
        m.expectObservable(batched$).toBe('----x-----(y|)', { x: 'time:a', y: 'end:o' });
      }));

    it('closes again 2 ms after the last time at the earliest, once for all who ask meanwhile', () =>
      marbles((m) => {
        const batched$ = asking(m, 'aaaaaaaa--a--|', 'sssssss---s--|');
        m.expectObservable(batched$).toBe('x-y-y-y---y--|', { x: 'sync:a', y: 'sync:aa' });
      }));

    it('does not close what comes while some wait whose messages something else has closed', () =>
      marbles((m) => {
        const batched$ = asking(m, 'aa(aaa)-a-|', 's(ss)|', 50, 3);
        m.expectObservable(batched$).toBe('x-y-------(z|)', { x: 'sync:a', y: 'count:aaa', z: 'end:aa' });
      }));

    it('waits no longer than 2 ms, and not for a clock that was set back', () => {
      let now = 1000;
      const mine = anOrigin();
      const source = new Subject<Frames>();
      const closed: string[] = [];
      const schedule = (): Subscription => new Subscription();
      source
        .pipe(batch(limits(), NEVER, { scheduler: { now: () => now, schedule } }), map(text))
        .subscribe((each) => closed.push(each));
      for (now of [1000, 1002, 10]) {
        source.next(frames('b', [String(now)], mine));
        ask(mine);
      }
      expect(closed).toEqual(['sync:1000', 'sync:1002', 'sync:10']);
    });

    it('closes for messages that come when it was asked for already', () =>
      marbles((m) => {
        const late = { ...anOrigin(), settled: () => undefined };
        const source = m.cold('-a-b|', { a: frames('b', ['a'], late), b: frames('b', ['b'], late) });
        const batched$ = source.pipe(batch(limits(), NEVER, { scheduler: m.scheduler }), map(text));
        m.expectObservable(batched$).toBe('-a-b|', { a: 'sync:a', b: 'sync:b' });
      }));

    it('does not count for the 2 ms what something else has closed', () =>
      marbles((m) => {
        const late = { ...anOrigin(), settled: () => undefined };
        const source = m.cold('-mb|', { m: frames('b', ['1', '2'], late), b: frames('b', ['b'], late) });
        const batched$ = source.pipe(batch(limits({ count: 2 }), NEVER, { scheduler: m.scheduler }), map(text));
        m.expectObservable(batched$).toBe('-mb|', { m: 'count:12', b: 'sync:b' });
      }));

    it('early unsubscribe: leaves no timer', () => {
      const mine = anOrigin();
      const source = new Subject<Frames>();
      const timers: Subscription[] = [];
      const schedule = (): Subscription => {
        timers.push(new Subscription());
        return timers.at(-1) ?? Subscription.EMPTY;
      };
      const subscription = source.pipe(batch(limits(), NEVER, { scheduler: { now: () => 0, schedule } })).subscribe();
      for (const message of ['a', 'b']) {
        source.next(frames('b', [message], mine));
        ask(mine);
      }
      expect(timers.map(({ closed }) => closed)).toEqual([true, false, false]);
      subscription.unsubscribe();
      expect(timers.map(({ closed }) => closed)).toEqual([true, true, true]);
    });
  });

  it('counts messages and bytes', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const source = cold('  ab|', runs);
      const bytes = runs.a.bytes.length + runs.b.bytes.length;
      expectObservable(source.pipe(batch(limits(), NEVER, { scheduler }))).toBe('--(x|)', {
        x: { bucket: 'b', frames: [runs.a, runs.b], count: 2, bytes, closedBy: 'end' },
      });
    }));

  it('gathers for each subscription alone', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const batched$ = cold('-a-b|', runs).pipe(batch(limits(), NEVER, { scheduler }), map(text));
      expectObservable(batched$).toBe('----(x|)', { x: 'end:ab' });
      expectObservable(batched$).toBe('----(x|)', { x: 'end:ab' });
    }));

  it('error: emits what is open, then the error', () =>
    marbles(({ cold, expectObservable, expectSubscriptions, scheduler }) => {
      const source = cold('  -a--#', runs);
      const subs = '         ^---!';
      const expected = '     ----(x#)';
      expectObservable(source.pipe(batch(limits(), NEVER, { scheduler }), map(text))).toBe(expected, { x: 'end:a' });
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('passes on an error of close$', () =>
    marbles(({ cold, hot, expectObservable, expectSubscriptions, scheduler }) => {
      const source = cold('      -a---', runs);
      const subs = '             ^--!';
      const close$ = hot<Close>('---#');
      expectObservable(source.pipe(batch(limits(), close$, { scheduler }))).toBe('---#');
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('early unsubscribe: leaves source, close$ and no timer', () =>
    marbles(({ cold, hot, expectObservable, expectSubscriptions, scheduler }) => {
      const source = cold('      -a---', runs);
      const close$ = hot<Close>('-----');
      const subs = '             ^-!';
      expectObservable(source.pipe(batch(limits({ ms: 3 }), close$, { scheduler })), subs).toBe('---');
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(close$.subscriptions).toBe(subs);
    }));

  it('tells of each run when it is open, and closes for it without a timer left', () => {
    const close$ = new Subject<Close>();
    const source = new Subject<Frames>();
    const schedule = jest.fn(() => new Subscription());
    const scheduler = { now: () => 0, schedule };
    const log: string[] = [];
    const memory = new KeptRuns();
    const taken = (run: Frames): void => {
      log.push(`took ${messagesOf({ frames: [run] }).join('')} of ${memory.runs}`);
      close$.next({ reason: 'memory' });
    };
    source
      .pipe(batch(limits(), close$, { scheduler, memory, taken }), map(text))
      .subscribe((closed) => log.push(closed));
    source.next(runs.a);
    source.next(runs.b);
    expect(log).toEqual(['took a of 1', 'memory:a', 'took b of 1', 'memory:b']);
    expect(schedule).not.toHaveBeenCalled();
  });

  describe('keeps what is open in sight', () => {
    const shown = () => {
      const { unsettled, gathered } = createUnsettled();
      const seen = (): string => [...gathered()].flatMap((run) => messagesOf({ frames: [run] })).join('');
      return { seen, gathering: (runs: () => readonly Frames[]) => unsettled.gathering(runs) };
    };

    it('from its first run until who listens has taken it, and at no time twice or not at all', () => {
      const { seen, gathering } = shown();
      const source = new Subject<Frames>();
      const log: string[] = [];
      const subscription = source.pipe(batch(limits({ count: 2 }), NEVER, { gathering })).subscribe((closed) => {
        log.push(`${messagesOf(closed).join('')} closed, in sight: ${seen()}`);
      });
      for (const run of [runs.a, runs.b, runs.c]) {
        source.next(run);
        log.push(`in sight: ${seen()}`);
      }
      source.complete();
      log.push(`in sight: ${seen()}`);
      expect(log).toEqual([
        'in sight: a',
        'ab closed, in sight: ab',
        'in sight: ',
        'in sight: c',
        'c closed, in sight: c',
        'in sight: ',
      ]);
      expect(subscription.closed).toBe(true);
    });

    it('when it is left before it is closed', () => {
      const { seen, gathering } = shown();
      const source = new Subject<Frames>();
      const subscription = source.pipe(batch(limits(), NEVER, { gathering })).subscribe();
      source.next(runs.a);
      subscription.unsubscribe();
      expect(seen()).toBe('a');
    });

    it('when close$ fails', () => {
      const { seen, gathering } = shown();
      const close$ = new Subject<Close>();
      const errors: unknown[] = [];
      const source = concat(of(runs.a), NEVER);
      source.pipe(batch(limits(), close$, { gathering })).subscribe({ error: (error: unknown) => errors.push(error) });
      close$.error(defect);
      expect([errors, seen()]).toEqual([[defect], 'a']);
    });

    it.each<readonly [string, () => Observable<never>]>([
      ['throws', throwDefect],
      ['fails', () => throwError(() => defect)],
    ])('throwing callback: when what is to take it %s', (_, take) => {
      const { seen, gathering } = shown();
      const errors: unknown[] = [];
      const source = new Subject<Frames>();
      source
        .pipe(
          batch(limits({ count: 2 }), NEVER, { gathering }),
          mergeMap(() => take()),
        )
        .subscribe({ error: (error: unknown) => errors.push(error) });
      for (const run of [runs.a, runs.b, runs.c]) source.next(run);
      expect([errors, seen()]).toEqual([[defect], 'ab']);
    });

    it('and forgets itself when nothing is open at the end', () => {
      const forget = jest.fn();
      of(runs.a)
        .pipe(batch(limits(), NEVER, { gathering: () => forget }))
        .subscribe();
      expect(forget).toHaveBeenCalledTimes(1);
    });
  });
});
