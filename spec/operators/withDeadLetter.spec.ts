import { concat, NEVER, of, pipe, throwError } from 'rxjs';
import { SinkError, type Batch, type Receipt, type Rest, type Write } from '../../src/model';
import { withBackup } from '../../src/operators/withBackup';
import { withDeadLetter } from '../../src/operators/withDeadLetter';
import { batchOf, delivered, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { takesWhenTold } from '../support/writes';

const one = batchOf('b', ['1']);
const two = batchOf('b', ['2']);
const three = batchOf('b', ['3']);
const batch = batchOf('b', ['1', '2', '3']);
const r = delivered(one, 'primary');
const poison = (part: Batch, written: Rest['written'] = 'no'): Rest => ({
  batch: part,
  cause: { kind: 'poison', message: 'too large' },
  written,
});
const dead = (part: Batch, maybeTwice = false): Receipt => ({
  sink: 'dead',
  batch: part,
  how: 'deadLettered',
  maybeTwice,
});
const takes: Write = (part) => of(delivered(part, 'dead'));
const fails =
  (...rest: readonly Rest[]): Write =>
  () =>
    throwError(() => new SinkError('primary', rest));

describe('withDeadLetter', () => {
  it('leaves the dead letters alone while all is taken, or fails for other reasons', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const deadLetter = jest.fn<ReturnType<Write>, Parameters<Write>>();
      const error = new SinkError('primary', [unavailable(two)]);
      const write = withDeadLetter(deadLetter, 5, scheduler);
      expectObservable(write(() => cold('-r|', { r }))(one, NEVER)).toBe('-r|', { r });
      expectObservable(write(() => cold('-r#', { r }, error))(batch, NEVER)).toBe('-r#', { r }, error);
      expect(deadLetter).not.toHaveBeenCalled();
    }));

  it('hands over poison alone, and fails with the rest after it', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write$ = cold('  -r-#', { r }, new SinkError('primary', [poison(two), unavailable(three)]));
      const dead$ = cold('      --d|', { d: delivered(two, 'dead') });
      const expected = '     -r---d#';
      expectObservable(withDeadLetter(() => dead$, 5, scheduler)(() => write$)(batch, NEVER)).toBe(
        expected,
        { r, d: dead(two) },
        new SinkError('primary', [unavailable(three)]),
      );
    }));

  it('is not in the way of what is written after', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withDeadLetter(
        () => NEVER,
        5,
        scheduler,
      )((part, giveUp$) => (part === two ? fails(poison(two))(part, giveUp$) : of(r)));
      expectObservable(write(two, NEVER)).toBe('-');
      expectObservable(write(one, NEVER)).toBe('(r|)', { r });
    }));

  it('behind a backup: takes the poison of both, and the backup the others', () =>
    marbles(({ scheduler, expectObservable }) => {
      const backup: Write = (part, giveUp$) =>
        part === three ? fails(poison(three))(part, giveUp$) : of(delivered(part, 'backup'));
      const write = pipe(
        withBackup(backup, 5, scheduler),
        withDeadLetter(takes, 5, scheduler),
      )(fails(poison(one), unavailable(two), unavailable(three, 'unknown')));
      expectObservable(write(batch, NEVER)).toBe('(bcd|)', {
        b: { ...delivered(two, 'backup'), how: 'backedUp' },
        c: dead(one),
        d: dead(three, true),
      });
    }));

  it('fails with what the dead letters do not take either', () =>
    marbles(({ scheduler, expectObservable }) => {
      const error = new SinkError('primary', [unavailable(two)]);
      const write = withDeadLetter(fails(unavailable(two)), 5, scheduler)(fails(poison(two)));
      expectObservable(write(two, NEVER)).toBe('#', {}, error);
    }));

  it('tells the dead letters to give up graceMs after the others', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const giveUp$ = cold('--g');
      expectObservable(withDeadLetter(takesWhenTold('dead'), 5, scheduler)(fails(poison(two)))(two, giveUp$)).toBe(
        '-------(d|)',
        {
          d: dead(two),
        },
      );
    }));

  it('passes on what is no SinkError', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write: Write = () =>
        concat(
          of(r),
          throwError(() => new Error('a defect')),
        );
      expectObservable(withDeadLetter(takes, 5, scheduler)(write)(two, NEVER)).toBe(
        '(r#)',
        { r },
        new Error('a defect'),
      );
    }));
});
