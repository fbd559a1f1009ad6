import { NEVER } from 'rxjs';
import { SinkError, type Write } from '../../src/model';
import { withSinkErrors } from '../../src/operators/withSinkErrors';
import { batchOf, delivered, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const one = batchOf('b', ['1']);
const two = batchOf('b', ['2']);
const batch = batchOf('b', ['1', '2']);
const r = delivered(one);
const s = delivered(two);
const defect = new SinkError('s', [
  { batch, cause: { kind: 'unexpected', message: 'Error: a defect' }, written: 'unknown' },
]);

describe('withSinkErrors', () => {
  it('never, empty: as the write', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(withSinkErrors('s')(() => cold('-'))(batch, NEVER)).toBe('-');
      expectObservable(withSinkErrors('s')(() => cold('--|'))(batch, NEVER)).toBe('--|');
    }));

  it('many: receipts come at the end of the write', () =>
    marbles(({ cold, expectObservable }) => {
      const write$ = cold('  -r-s--|', { r, s });
      const expected = '     ------(rs|)';
      expectObservable(withSinkErrors('s')(() => write$)(batch, NEVER)).toBe(expected, { r, s });
    }));

  it('error: a SinkError follows its receipts unchanged', () =>
    marbles(({ cold, expectObservable }) => {
      const error = new SinkError('s', [unavailable(two)]);
      const write$ = cold('  -r--#', { r }, error);
      const expected = '     ----(r#)';
      expectObservable(withSinkErrors('s')(() => write$)(batch, NEVER)).toBe(expected, { r }, error);
    }));

  it('error: anything else makes all of the batch unknown, whatever had a receipt', () =>
    marbles(({ cold, expectObservable }) => {
      const write$ = cold('  -r--#', { r }, new Error('a defect'));
      const expected = '     ----#';
      expectObservable(withSinkErrors('s')(() => write$)(batch, NEVER)).toBe(expected, {}, defect);
    }));

  it('early unsubscribe: leaves the write, and tells nothing of its receipts', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const write$ = cold('  -r---|', { r });
      const subs = '         ^--!';
      expectObservable(withSinkErrors('s')(() => write$)(batch, NEVER), subs).toBe('---');
      expectSubscriptions(write$.subscriptions).toBe(subs);
    }));

  it('throwing callback: a write that throws is such an error', () =>
    marbles(({ expectObservable }) => {
      const write: Write = () => {
        throw new Error('a defect');
      };
      expectObservable(withSinkErrors('s')(write)(batch, NEVER)).toBe('#', {}, defect);
    }));
});
