import { EMPTY, map, throwError, type Observable } from 'rxjs';
import type { Frames } from '../../src/model';
import { journal, wasLost } from '../../src/pipelines/journal';
import { anOrigin, batchOf, frames, messagesOf, outcomeOf } from '../../src/testing/builders';
import { marbles, type Marbles } from '../../src/testing/marbles';

const runs = {
  a: frames('b', ['a']),
  b: frames('b', ['b']),
  c: frames('b', ['c']),
  r: frames('b', ['r'], { ...anOrigin(), recovered: true }),
};

const text = (run: Frames): string => messagesOf({ frames: [run] }).join('');

/** Writes take as long as `time` says; `calls` are what they were given. */
const slowWrites = ({ cold }: Marbles, time = '---|') => {
  const calls: string[] = [];
  return {
    calls,
    append: (written: readonly Frames[]): Observable<never> => {
      calls.push(written.map(text).join(''));
      return cold<never>(time);
    },
  };
};

describe('journal', () => {
  it('never, empty: as the source, and nothing is written', () =>
    marbles((helpers) => {
      const { append, calls } = slowWrites(helpers);
      const { cold, expectObservable, flush } = helpers;
      expectObservable(cold<Frames>('-').pipe(journal(append))).toBe('-');
      expectObservable(cold<Frames>('--|').pipe(journal(append))).toBe('--|');
      flush();
      expect(calls).toEqual([]);
    }));

  it('one: passes it on when it is written, and not before', () =>
    marbles((helpers) => {
      const { append } = slowWrites(helpers);
      const { cold, expectObservable, expectSubscriptions } = helpers;
      const source = cold('  -a----', runs);
      const subs = '         ^-----';
      const expected = '     ----a-';
      expectObservable(source.pipe(journal(append), map(text))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('many: what comes while a write is under way is written with the next, in order', () =>
    marbles((helpers) => {
      const { append, calls } = slowWrites(helpers);
      const { cold, expectObservable, flush } = helpers;
      const source = cold('  -abc-|', runs);
      const expected = '     ----a--(bc|)';
      expectObservable(source.pipe(journal(append), map(text))).toBe(expected);
      flush();
      expect(calls).toEqual(['a', 'bc']);
    }));

  it('bounds what one write has to take', () =>
    marbles((helpers) => {
      const { append, calls } = slowWrites(helpers, '(|)');
      const large = frames('b', ['x'.repeat(600 * 1024)]);
      const { cold, flush } = helpers;
      const slow = slowWrites(helpers);
      cold('(aaaa|)', { a: large })
        .pipe(journal((written) => (calls.length === 0 ? (append(written), slow.append([])) : append(written))))
        .subscribe();
      flush();
      expect(calls.map(({ length }) => Math.round(length / 1024))).toEqual([600, 1200, 600]);
    }));

  it('passes what was recovered at once, unwritten', () =>
    marbles((helpers) => {
      const { append, calls } = slowWrites(helpers);
      const { cold, expectObservable, flush } = helpers;
      const source = cold('  -ar---|', runs);
      const expected = '     --r-a-|';
      expectObservable(source.pipe(journal(append), map(text))).toBe(expected);
      flush();
      expect(calls).toEqual(['a']);
    }));

  it('completes at once where nothing waits, else after the last write', () =>
    marbles((helpers) => {
      const { append } = slowWrites(helpers);
      const { cold, expectObservable } = helpers;
      expectObservable(cold('-a----|', runs).pipe(journal(append), map(text))).toBe('----a-|');
      expectObservable(cold('-a|', runs).pipe(journal(append), map(text))).toBe('    ----(a|)');
    }));

  it('error: passes on what came before it, then the error', () =>
    marbles((helpers) => {
      const { append } = slowWrites(helpers);
      const { cold, expectObservable, expectSubscriptions } = helpers;
      const source = cold('  -ab#', runs);
      const subs = '         ^--!';
      const expected = '     ----a--(b#)';
      expectObservable(source.pipe(journal(append), map(text))).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('fails where a write fails', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a--', runs);
      const subs = '         ^!';
      const error = new Error('EIO');
      expectObservable(source.pipe(journal(() => throwError(() => error)))).toBe('-#', undefined, error);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('early unsubscribe: passes nothing on any more', () =>
    marbles((helpers) => {
      const { append } = slowWrites(helpers);
      const { cold, expectObservable, expectSubscriptions } = helpers;
      const source = cold('  -a----', runs);
      const subs = '         ^-!';
      expectObservable(source.pipe(journal(append), map(text)), subs).toBe('---');
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('throwing callback: an append that throws is the error of the result', () =>
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a--', runs);
      const thrown = (): Observable<never> => {
        throw new Error('defect');
      };
      expectObservable(source.pipe(journal(thrown))).toBe('-#', undefined, new Error('defect'));
    }));

  it('shows what is not written yet, and forgets it at its end', () =>
    marbles((helpers) => {
      const { append } = slowWrites(helpers);
      const { cold, scheduler, flush } = helpers;
      const shown = new Set<() => readonly Frames[]>();
      const seen: string[] = [];
      const look = (): void => void seen.push([...shown].flatMap((show) => show().map(text)).join('') || '-');
      for (const ms of [0, 1, 3, 5, 9]) scheduler.schedule(look, ms + 0.5);
      cold('-ab|', runs)
        .pipe(
          journal(append, (show) => {
            shown.add(show);
            return () => shown.delete(show);
          }),
        )
        .subscribe();
      flush();
      expect(seen).toEqual(['-', 'a', 'ab', 'b', '-']);
      expect(shown.size).toBe(0);
    }));

  it('keeps in sight what an end leaves unwritten', () => {
    const shown = new Set<() => readonly Frames[]>();
    marbles((helpers) => {
      const { append } = slowWrites(helpers);
      const subscription = helpers
        .cold('a-', runs)
        .pipe(
          journal(append, (show) => {
            shown.add(show);
            return () => shown.delete(show);
          }),
        )
        .subscribe();
      helpers.scheduler.schedule(() => subscription.unsubscribe(), 1);
      helpers.flush();
    });
    expect([...shown].flatMap((show) => show().map(text))).toEqual(['a']);
  });

  it('survives writes that end at once', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(
        cold('-(abc|)', runs).pipe(
          journal(() => EMPTY),
          map(text),
        ),
      ).toBe('-(abc|)');
    }));
});

describe('wasLost', () => {
  const batch = batchOf('b', ['a']);
  const lost = (reason: string, count = 1): boolean =>
    wasLost({
      batch,
      outcomes: [outcomeOf('one', batch), outcomeOf('other', batch, { dropped: [{ reason, count }] })],
    });

  it.each(['unavailable', 'gave_up', 'unexpected'])('is so for what was dropped as %s', (reason) => {
    expect(lost(reason)).toBe(true);
  });

  it('is not for poison, nor where nothing was dropped', () => {
    expect([lost('poison'), lost('unexpected', 0)]).toEqual([false, false]);
    expect(wasLost({ batch, outcomes: [outcomeOf('one', batch, { delivered: 1 })] })).toBe(false);
  });
});
