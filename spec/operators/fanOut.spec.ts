import { of, type Observable } from 'rxjs';
import type { Batch, Outcome } from '../../src/model';
import { fanOut } from '../../src/operators/fanOut';
import { batchOf, outcomeOf } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const batch = batchOf('b', ['1', '2']);
const a = outcomeOf('first', batch, { delivered: 2 });
const b = outcomeOf('second', batch, { backedUp: 2 });

describe('fanOut', () => {
  it('never: waits for a stream that never settles', () =>
    marbles(({ cold, expectObservable }) => {
      const first = cold('   -a|', { a });
      const second = cold<Outcome>('-');
      expectObservable(fanOut([() => first, () => second])(batch)).toBe('-');
    }));

  it('empty: settles at once without streams', () =>
    marbles(({ expectObservable }) => {
      expectObservable(fanOut([])(batch)).toBe('(s|)', { s: { batch, outcomes: [] } });
    }));

  it('many: joins the outcomes after the slowest, in the order of the streams', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold('   ----a|', { a });
      const second = cold('  -b|', { b });
      const subs1 = '        ^----!';
      const subs2 = '        ^-!';
      const expected = '     -----(s|)';
      expectObservable(fanOut([() => first, () => second])(batch)).toBe(expected, { s: { batch, outcomes: [a, b] } });
      expectSubscriptions(first.subscriptions).toBe(subs1);
      expectSubscriptions(second.subscriptions).toBe(subs2);
    }));

  it('early unsubscribe: leaves all streams', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold('   -a|', { a });
      const second = cold('  -----b|', { b });
      const subs = '         ^--!';
      expectObservable(fanOut([() => first, () => second])(batch), subs).toBe('---');
      expectSubscriptions(second.subscriptions).toBe(subs);
    }));

  it('gives every stream the same batch', () => {
    const seen: Batch[] = [];
    const record = (given: Batch): Observable<Outcome> => {
      seen.push(given);
      return of(a);
    };
    fanOut([record, record])(batch).subscribe();
    expect(seen[0]).toBe(batch);
    expect(seen[1]).toBe(batch);
  });
});
