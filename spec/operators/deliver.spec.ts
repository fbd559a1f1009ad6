import { map, timer } from 'rxjs';
import type { Batch, Settled } from '../../src/model';
import { deliver } from '../../src/operators/deliver';
import { batchOf } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const a = batchOf('b', ['a']);
const b = batchOf('b', ['b']);
const settled = (batch: Batch): Settled => ({ batch, outcomes: [] });
const values = { a: settled(a), b: settled(b) };

describe('deliver', () => {
  it('never and empty: passes on what the source does', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<Batch>('-').pipe(deliver(() => timer(1).pipe(map(() => values.a))))).toBe('-');
      expectObservable(cold<Batch>('--|').pipe(deliver(() => timer(1).pipe(map(() => values.a))))).toBe('--|');
    }));

  it('many: starts each as it comes and waits for none', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const slow = cold('    -----a|', values);
      const fast = cold('      -b|', values);
      const source = cold('  a-b|', { a, b });
      const expected = '     ---b-a|';
      expectObservable(source.pipe(deliver((batch) => (batch === a ? slow : fast)))).toBe(expected, values);
      expectSubscriptions(slow.subscriptions).toBe('^-----!');
      expectSubscriptions(fast.subscriptions).toBe('--^-!');
    }));

  it('error: passes on the error of the source', () =>
    marbles(({ cold, expectObservable }) => {
      const source = cold<Batch>('  --#');
      expectObservable(source.pipe(deliver(() => timer(9).pipe(map(() => values.a))))).toBe('--#');
    }));

  it('throwing callback: fails with it, and leaves the source', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const defect = new Error('a defect');
      const source = cold('  --a-b', { a, b });
      const throwing = (): never => {
        throw defect;
      };
      expectObservable(source.pipe(deliver(throwing))).toBe('--#', {}, defect);
      expectSubscriptions(source.subscriptions).toBe('^-!');
    }));

  it('early unsubscribe: leaves source and deliveries', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const slow = cold('    -----a|', values);
      const source = cold('  a----', { a, b });
      const subs = '         ^--!';
      expectObservable(source.pipe(deliver(() => slow)), subs).toBe('---');
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(slow.subscriptions).toBe(subs);
    }));
});
