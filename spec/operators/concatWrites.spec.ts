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
});
