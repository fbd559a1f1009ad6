import { NEVER, take, map, type Observable } from 'rxjs';
import type { Receipt, Write } from '../../src/model';
import { withDeadline } from '../../src/operators/withDeadline';
import { batchOf, delivered } from '../support/builders';
import { marbles } from '../support/marbles';

const batch = batchOf('b', ['1']);
const r = delivered(batch);
/** Shows when it is told to give up, by completing with a receipt then. */
const untilToldToGiveUp: Write = (_, giveUp$): Observable<Receipt> =>
  giveUp$.pipe(
    take(1),
    map(() => r),
  );

describe('withDeadline', () => {
  it('tells the write to give up at the deadline', () =>
    marbles(({ scheduler, expectObservable }) => {
      expectObservable(withDeadline(5, scheduler)(untilToldToGiveUp)(batch, NEVER)).toBe('-----(r|)', { r });
    }));

  it('passes on an earlier giveUp$', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const giveUp$ = cold('--g');
      expectObservable(withDeadline(5, scheduler)(untilToldToGiveUp)(batch, giveUp$)).toBe('--(r|)', { r });
    }));

  it('leaves a write alone that ends before', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write$ = cold('--r|', { r });
      expectObservable(withDeadline(5, scheduler)(() => write$)(batch, NEVER)).toBe('--r|', { r });
    }));
});
