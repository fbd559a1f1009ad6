import { NEVER } from 'rxjs';
import { withDeadline } from '../../src/operators/withDeadline';
import { batchOf, delivered } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { takesWhenTold } from '../support/writes';

const batch = batchOf('b', ['1']);
const r = delivered(batch);
const untilToldToGiveUp = takesWhenTold(r.sink);

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

  it('early unsubscribe: leaves giveUp$', () =>
    marbles(({ cold, scheduler, expectObservable, expectSubscriptions }) => {
      const giveUp$ = cold('-----');
      const subs = '        ^--!';
      expectObservable(withDeadline(5, scheduler)(untilToldToGiveUp)(batch, giveUp$), subs).toBe('---');
      expectSubscriptions(giveUp$.subscriptions).toBe(subs);
    }));
});
