import { NEVER, of } from 'rxjs';
import { SinkError, type Batch, type Receipt, type Rest, type Write } from '../../src/model';
import { withBackup } from '../../src/operators/withBackup';
import { batchOf, delivered, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { takesWhenTold } from '../support/writes';

const one = batchOf('b', ['1']);
const two = batchOf('b', ['2']);
const three = batchOf('b', ['3']);
const batch = batchOf('b', ['1', '2', '3']);
const r = delivered(one, 'primary');
const backedUp = (part: Batch, maybeTwice = false): Receipt => ({
  sink: 'backup',
  batch: part,
  how: 'backedUp',
  maybeTwice,
});
const takes: Write = (part) => of(delivered(part, 'backup'));

describe('withBackup', () => {
  it('leaves the backup alone while the primary takes all', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const backup = jest.fn<ReturnType<Write>, Parameters<Write>>();
      const write$ = cold('  -r|', { r });
      expectObservable(withBackup(backup, 5, scheduler)(() => write$)(one, NEVER)).toBe('-r|', { r });
      expect(backup).not.toHaveBeenCalled();
    }));

  it('hands over only the rest, part by part in order, and says which may be there twice', () =>
    marbles(({ cold, scheduler, expectObservable, expectSubscriptions }) => {
      const error = new SinkError('primary', [unavailable(two), unavailable(three, 'unknown')]);
      const write$ = cold('  -r-#', { r }, error);
      const second$ = cold('    --s|', { s: delivered(two, 'backup') });
      const third$ = cold('        -t|', { t: delivered(three, 'backup') });
      const expected = '     -r---s-t|';
      const backup: Write = (part) => (part === two ? second$ : third$);
      expectObservable(withBackup(backup, 5, scheduler)(() => write$)(batch, NEVER)).toBe(expected, {
        r,
        s: backedUp(two),
        t: backedUp(three, true),
      });
      expectSubscriptions(third$.subscriptions).toBe('------^-!');
    }));

  it('fails with what the backup did not take either, and keeps the doubt of the primary', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write$ = cold<Receipt>('  -#', {}, new SinkError('primary', [unavailable(two, 'unknown')]));
      const backup$ = cold<Receipt>('  -#', {}, new SinkError('backup', [unavailable(two, 'no')]));
      const error = new SinkError('primary', [unavailable(two, 'unknown')]);
      expectObservable(withBackup(() => backup$, 5, scheduler)(() => write$)(two, NEVER)).toBe('--#', {}, error);
    }));

  it('never gets poison', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const poison: Rest = { batch: two, cause: { kind: 'poison', message: 'too large' }, written: 'no' };
      const write$ = cold<Receipt>('  -#', {}, new SinkError('primary', [poison, unavailable(three)]));
      expectObservable(withBackup(takes, 5, scheduler)(() => write$)(batch, NEVER)).toBe(
        '-(b#)',
        { b: backedUp(three) },
        new SinkError('primary', [poison]),
      );
    }));

  it('passes on what is no SinkError', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write$ = cold<Receipt>('  -#', {}, new Error('a defect'));
      expectObservable(withBackup(takes, 5, scheduler)(() => write$)(two, NEVER)).toBe('-#', {}, new Error('a defect'));
    }));

  it('tells the backup to give up graceMs after the primary', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const giveUp$ = cold('  --g');
      const write$ = cold<Receipt>('   #', {}, new SinkError('primary', [unavailable(two)]));
      const expected = '      -------(b|)';
      expectObservable(withBackup(takesWhenTold('backup'), 5, scheduler)(() => write$)(two, giveUp$)).toBe(expected, {
        b: backedUp(two),
      });
    }));
});
