import { mergeMap, throwError, timer } from 'rxjs';
import { SinkError, type Receipt } from '../../src/model';
import { concatWrites } from '../../src/operators/concatWrites';
import { batchOf, delivered, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const one = batchOf('b', ['1']);
const two = batchOf('b', ['2']);
const three = batchOf('b', ['3']);
const r = delivered(one);
const s = delivered(two);

describe('concatWrites', () => {
  it('never: waits, and begins no other', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const second = cold('  -s|', { s });
      expectObservable(concatWrites('s', [cold('-'), second])).toBe('-');
      expectSubscriptions(second.subscriptions).toBe([]);
    }));

  it('empty: completes at once', () =>
    marbles(({ expectObservable }) => {
      expectObservable(concatWrites('s', [])).toBe('|');
    }));

  it('many: one after the other', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold('   -r-|', { r });
      const second = cold('     -s|', { s });
      const expected = '     -r--s|';
      expectObservable(concatWrites('s', [first, second])).toBe(expected, { r, s });
      expectSubscriptions(second.subscriptions).toBe('---^-!');
    }));

  it('error: goes on with the next and fails at the end with all that failed', () =>
    marbles(({ cold, expectObservable }) => {
      const first = cold<Receipt>('   -#', {}, new SinkError('s', [unavailable(one)]));
      const second = cold('   -s|', { s });
      const expected = '     --s#';
      const error = new SinkError('s', [unavailable(three, 'unknown'), unavailable(one)]);
      expectObservable(concatWrites('s', [first, second], [unavailable(three, 'unknown')])).toBe(
        expected,
        { s },
        error,
      );
    }));

  it('error: ends at once with what is no SinkError', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold<Receipt>('   -#', {}, new Error('a defect'));
      const second = cold('  -s|', { s });
      expectObservable(concatWrites('s', [first, second])).toBe('-#', {}, new Error('a defect'));
      expectSubscriptions(second.subscriptions).toBe([]);
    }));

  it('error: many that fail at once, behind one that takes a while', () => {
    const told: number[] = [];
    marbles(({ scheduler }) => {
      const refused = throwError(() => new SinkError('s', [unavailable(one)]));
      const first = timer(1, scheduler).pipe(mergeMap(() => refused));
      const others = Array.from({ length: 2000 }, () => refused);
      concatWrites('s', [first, ...others]).subscribe({
        error: (error: unknown) => told.push(error instanceof SinkError ? error.rest.length : 0),
      });
    });
    expect(told).toEqual([2001]);
  });

  it('early unsubscribe: leaves the one that is under way, and begins no other', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold<Receipt>('   -----|');
      const second = cold('  -s|', { s });
      const subs = '         ^--!';
      expectObservable(concatWrites('s', [first, second]), subs).toBe('---');
      expectSubscriptions(first.subscriptions).toBe(subs);
      expectSubscriptions(second.subscriptions).toBe([]);
    }));
});
