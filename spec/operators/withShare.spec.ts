import { NEVER, of } from 'rxjs';
import { SinkError, type Batch } from '../../src/model';
import { withShare } from '../../src/operators/withShare';
import { batchOf, delivered } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { takesAfter, writeAt } from '../support/writes';

const one = batchOf('b', ['1']);
const two = batchOf('b', ['2']);
const three = batchOf('c', ['3']);
const large = batchOf('b', ['1', '2', '3', '4']);
const values = { a: delivered(one), b: delivered(two), c: delivered(three), l: delivered(large) };
const share = { messages: 2, bytes: 1_000_000 };

const failure = (batch: Batch, kind: 'unavailable' | 'gave_up', message: string): SinkError =>
  new SinkError('s', [{ batch, cause: { kind, message }, written: 'no' }]);
const over = (batch: Batch): SinkError =>
  failure(batch, 'unavailable', 'over its share: at most 2 messages and 1000000 bytes may wait for this stream');

describe('withShare', () => {
  const refusing = { name: 's', share, whenFull: 'refuse' } as const;
  const patient = { name: 's', share, whenFull: 'wait' } as const;

  it('refuses what is over the share, and takes more once there is room', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withShare(refusing)(takesAfter(5, scheduler));
      expectObservable(writeAt(0, write, one, scheduler)).toBe('  -----(a|)', values);
      expectObservable(writeAt(1, write, two, scheduler)).toBe('  ------(b|)', values);
      expectObservable(writeAt(2, write, three, scheduler)).toBe('--#', {}, over(three));
      expectObservable(writeAt(6, write, three, scheduler)).toBe('-----------(c|)', values);
    }));

  it('counts bytes too', () =>
    marbles(({ scheduler, expectObservable }) => {
      const bytes = one.bytes + two.bytes - 1;
      const write = withShare({ ...refusing, share: { messages: 100, bytes } })(takesAfter(5, scheduler));
      expectObservable(writeAt(0, write, one, scheduler)).toBe('-----(a|)', values);
      expectObservable(writeAt(1, write, two, scheduler)).toBe(
        '-#',
        {},
        failure(two, 'unavailable', `over its share: at most 100 messages and ${bytes} bytes may wait for this stream`),
      );
    }));

  it('takes a batch that is larger than the share, alone', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withShare(refusing)(takesAfter(5, scheduler));
      expectObservable(writeAt(0, write, large, scheduler)).toBe('-----(l|)', values);
      expectObservable(writeAt(1, write, one, scheduler)).toBe('  -#', {}, over(one));
    }));

  it('gives back the share of what failed, and of what nobody listens to any more', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const error = failure(large, 'unavailable', 'refused');
      const write = withShare(refusing)((batch) => (batch === large ? cold('--#', {}, error) : NEVER));
      expectObservable(writeAt(0, write, large, scheduler)).toBe('--#', {}, error);
      expectObservable(writeAt(3, write, one, scheduler), '^---!').toBe('-');
      expectObservable(writeAt(5, write, large, scheduler)).toBe('-------#', {}, error);
    }));

  it('waits: one at a time as there is room, in order, the small behind the large', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withShare(patient)(takesAfter(5, scheduler));
      expectObservable(writeAt(0, write, one, scheduler)).toBe('  -----(a|)', values);
      expectObservable(writeAt(1, write, large, scheduler)).toBe('----------(l|)', values);
      expectObservable(writeAt(2, write, two, scheduler)).toBe('  ---------------(b|)', values);
      expectObservable(writeAt(3, write, three, scheduler)).toBe('---------------(c|)', values);
    }));

  it('waits: writes that end at once let all through, however many', () => {
    let taken = 0;
    marbles(({ scheduler, expectObservable }) => {
      const write = withShare(patient)((batch) =>
        batch === large ? takesAfter(5, scheduler)(batch, NEVER) : of(delivered(batch)),
      );
      expectObservable(write(large, NEVER)).toBe('-----(l|)', values);
      for (let n = 0; n < 20_000; n += 1) write(one, NEVER).subscribe(() => (taken += 1));
    });
    expect(taken).toBe(20_000);
  });

  it('waits: what is told to give up leaves the door to the next', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const giveUp$ = cold('--g');
      const write = withShare(patient)(takesAfter(5, scheduler));
      expectObservable(write(one, NEVER)).toBe('-----(a|)', values);
      expectObservable(write(large, giveUp$)).toBe(
        '--#',
        {},
        failure(large, 'gave_up', 'told to stop while the stream held its whole share'),
      );
      expectObservable(write(two, NEVER)).toBe('-------(b|)', values);
    }));

  it('early unsubscribe: who waits no more is not written', () => {
    const written: Batch[] = [];
    marbles(({ scheduler, expectObservable }) => {
      const write = withShare(patient)((batch, giveUp$) => {
        written.push(batch);
        return takesAfter(5, scheduler)(batch, giveUp$);
      });
      expectObservable(write(large, NEVER)).toBe('-----(l|)', values);
      expectObservable(write(one, NEVER), '^--!').toBe('-');
      expectObservable(write(two, NEVER)).toBe('----------(b|)', values);
    });
    expect(written).toEqual([large, two]);
  });
});
