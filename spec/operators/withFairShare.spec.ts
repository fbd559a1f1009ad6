import { mergeMap, NEVER, throwError } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { SinkError, type Batch, type Receipt, type Write } from '../../src/model';
import { footprint } from '../../src/operators/footprint';
import { withFairShare } from '../../src/operators/withFairShare';
import { batchOf, delivered } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { takesAfter, takesWhenTold, writeAt } from '../support/writes';

const [one, two, three] = [batchOf('b', ['1']), batchOf('b', ['2']), batchOf('b', ['3'])];
const values = { a: delivered(one), b: delivered(two), c: delivered(three) };
const told = (batch: Batch): Receipt => delivered(batch, 'told');
const bytes = footprint(one);
const message = `over its share: ${bytes} bytes of memory wait for this stream, and none was taken for 5 ms`;
const refused = (batch: Batch): SinkError =>
  new SinkError('s', [{ batch, cause: { kind: 'unavailable', message }, written: 'no' }]);

const fair = (write: Write, scheduler: TestScheduler): Write =>
  withFairShare({ name: 's', bytes: () => bytes, stalledMs: 5, scheduler })(write);

describe('withFairShare', () => {
  it('lets a sink that moves on have more than its share', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = fair(takesAfter(4, scheduler), scheduler);
      expectObservable(writeAt(0, write, one, scheduler)).toBe('----(a|)', values);
      expectObservable(writeAt(3, write, two, scheduler)).toBe('-------(b|)', values);
      expectObservable(writeAt(6, write, three, scheduler)).toBe('----------(c|)', values);
    }));

  it('tells what is over the share to give up when none has ended for so long, and not what is within', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = fair(takesWhenTold('told'), scheduler);
      expectObservable(writeAt(0, write, one, scheduler)).toBe('-');
      expectObservable(writeAt(2, write, two, scheduler)).toBe('-------(t|)', { t: told(two) });
      expectObservable(writeAt(4, write, three, scheduler)).toBe('-------(t|)', { t: told(three) });
    }));

  it('counts that time anew with each receipt, and not with what it has ended itself', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const hung = takesWhenTold('told');
      const failing: Write = (_, giveUp$) => giveUp$.pipe(mergeMap(() => throwError(() => refused(two))));
      const write = fair(
        (batch, giveUp$) =>
          batch === three ? cold('---(c|)', values) : (batch === two ? failing : hung)(batch, giveUp$),
        scheduler,
      );
      expectObservable(writeAt(0, write, one, scheduler)).toBe('-');
      expectObservable(writeAt(1, write, two, scheduler)).toBe('----------#', {}, refused(two));
      expectObservable(writeAt(2, write, three, scheduler)).toBe('-----(c|)', values);
      expectObservable(writeAt(12, write, two, scheduler)).toBe('------------#', {}, refused(two));
    }));

  it('refuses what comes later while the sink hangs, and takes again what fits', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write = fair(
        (batch) => (batch === one ? cold('------------(a|)', values) : takesAfter(1, scheduler)(batch, NEVER)),
        scheduler,
      );
      expectObservable(writeAt(0, write, one, scheduler)).toBe('------------(a|)', values);
      expectObservable(writeAt(6, write, two, scheduler)).toBe('------#', {}, refused(two));
      expectObservable(writeAt(13, write, three, scheduler)).toBe('--------------(c|)', values);
    }));

  it('gives back what nobody listens to any more, and what threw', () =>
    marbles(({ scheduler, expectObservable }) => {
      const error = new Error('defect');
      const write = fair((batch) => (batch === two ? throwError(() => error) : NEVER), scheduler);
      expectObservable(writeAt(0, write, one, scheduler), '^--!').toBe('-');
      expectObservable(writeAt(9, write, two, scheduler)).toBe('---------#', {}, error);
      expectObservable(writeAt(10, write, three, scheduler)).toBe('-');
    }));
});
