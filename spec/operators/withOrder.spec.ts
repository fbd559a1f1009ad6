import { BehaviorSubject, delay, map, mergeMap, NEVER, of, throwError, timer } from 'rxjs';
import { SinkError, type Write } from '../../src/model';
import { createOrder } from '../../src/operators/order';
import { withOrder } from '../../src/operators/withOrder';
import { batchOf, delivered, messagesOf, unavailable } from '../../src/testing/builders';
import { marbles, type Marbles } from '../../src/testing/marbles';
import { completed } from '../support/completed';
import { failsWhenTold } from '../support/writes';

const [one, two, three] = [batchOf('b', ['1']), batchOf('b', ['2']), batchOf('b', ['3'])] as const;
const other = batchOf('other', ['4']);

const parts = ({ scheduler }: Marbles) => {
  const order = createOrder();
  order.listing();
  order.listed(new Set());
  const backedUp: string[] = [];
  const backup: Write = (batch) =>
    timer(2, scheduler).pipe(
      map(() => {
        backedUp.push(...messagesOf(batch));
        return delivered(batch, 'backup');
      }),
    );
  const options = { name: 's', order, graceMs: 10, scheduler };
  return { order, backup, backedUp, write: (primary: Write) => withOrder(backup, options)(primary) };
};
const refused: Write = (batch) => throwError(() => new SinkError('s', [unavailable(batch)]));

describe('withOrder', () => {
  it('writes to the primary while that takes all', () =>
    marbles((m) => {
      const { write, order } = parts(m);
      const primary: Write = (batch) => of(delivered(batch)).pipe(delay(3, m.scheduler));
      m.expectObservable(write(primary)(one, NEVER)).toBe('---(r|)', { r: delivered(one) });
      m.flush();
      expect(order.diverted()).toEqual(new Set());
    }));

  it('hands over what it does not take, and what comes after it of the bucket; others go on', () =>
    marbles((m) => {
      const { write, order } = parts(m);
      const isUp$ = new BehaviorSubject(false);
      const primary: Write = (batch, giveUp$) =>
        batch.bucket === 'b' && !isUp$.value ? refused(batch, giveUp$) : of(delivered(batch));
      const live = write(primary);
      const backup = (batch: typeof one) => ({ ...delivered(batch, 'backup'), how: 'backedUp' });
      m.expectObservable(live(one, NEVER)).toBe('--(r|)', { r: backup(one) });
      const later$ = timer(5, m.scheduler).pipe(
        mergeMap(() => {
          isUp$.next(true);
          return live(two, NEVER);
        }),
      );
      m.expectObservable(later$).toBe('-------(r|)', { r: backup(two) });
      m.expectObservable(live(other, NEVER)).toBe('(r|)', { r: delivered(other) });
      m.flush();
      expect(order.diverted()).toEqual(new Set(['b']));
    }));

  it('takes back what is under way behind what failed, and keeps its order', () =>
    marbles((m) => {
      const { write, backedUp } = parts(m);
      const hung = failsWhenTold(new SinkError('s', [unavailable(two, 'unknown')]));
      const primary: Write = (batch, giveUp$) =>
        batch === one ? timer(3, m.scheduler).pipe(mergeMap(() => refused(batch, giveUp$))) : hung(batch, giveUp$);
      const live = write(primary);
      m.expectObservable(live(one, NEVER)).toBe('-----(r|)', { r: { ...delivered(one, 'backup'), how: 'backedUp' } });
      m.expectObservable(live(two, NEVER)).toBe('-------(r|)', {
        r: { ...delivered(two, 'backup'), how: 'backedUp', maybeTwice: true },
      });
      m.flush();
      expect(backedUp).toEqual(['1', '2']);
    }));

  it('waits for what failed earlier and tells later', () =>
    marbles((m) => {
      const { write, backedUp } = parts(m);
      const primary: Write = (batch, giveUp$) =>
        timer(batch === one ? 6 : 1, m.scheduler).pipe(mergeMap(() => refused(batch, giveUp$)));
      const live = write(primary);
      for (const batch of [one, two])
        m.expectObservable(live(batch, NEVER)).toBe(batch === one ? '--------(r|)' : '----------(r|)', {
          r: { ...delivered(batch, 'backup'), how: 'backedUp' },
        });
      m.flush();
      expect(backedUp).toEqual(['1', '2']);
    }));

  it('leaves poison to others, and diverts nothing for it', () =>
    marbles((m) => {
      const { write, order } = parts(m);
      const error = new SinkError('s', [{ batch: one, cause: { kind: 'poison', message: 'large' }, written: 'no' }]);
      m.expectObservable(write(() => throwError(() => error))(one, NEVER)).toBe('#', {}, error);
      m.flush();
      expect(order.diverted()).toEqual(new Set());
    }));

  it('holds a bucket that is almost caught up with, and lets it go to the primary in order', () =>
    marbles((m) => {
      const { write, order, backedUp } = parts(m);
      const taken: string[] = [];
      const primary: Write = (batch, giveUp$) => {
        if (batch === one) return refused(batch, giveUp$);
        taken.push(...messagesOf(batch));
        return of(delivered(batch));
      };
      const live = write(primary);
      m.expectObservable(live(one, NEVER)).toBe('--(r|)', { r: { ...delivered(one, 'backup'), how: 'backedUp' } });
      const held$ = timer(1, m.scheduler).pipe(mergeMap(() => order.hold('b')));
      m.expectObservable(held$).toBe('--|');
      for (const [ms, batch] of [
        [3, two],
        [4, three],
      ] as const) {
        const write$ = timer(ms, m.scheduler).pipe(mergeMap(() => live(batch, NEVER)));
        m.expectObservable(write$).toBe('------(r|)', { r: delivered(batch) });
      }
      m.expectObservable(timer(6, m.scheduler).pipe(map(() => order.release('b', 'primary')))).toBe('------(u|)', {
        u: undefined,
      });
      m.flush();
      expect(taken).toEqual(['2', '3']);
      expect(backedUp).toEqual(['1']);
      expect(order.diverted()).toEqual(new Set());
    }));

  it('hands what is held to the backup when it is told to give up', () =>
    marbles((m) => {
      const { write, order } = parts(m);
      const live = write(refused);
      m.expectObservable(live(one, NEVER)).toBe('--(r|)', { r: { ...delivered(one, 'backup'), how: 'backedUp' } });
      m.expectObservable(timer(3, m.scheduler).pipe(mergeMap(() => order.hold('b')))).toBe('---|');
      const giveUp$ = m.hot('-------g');
      const held$ = timer(4, m.scheduler).pipe(mergeMap(() => live(two, giveUp$)));
      m.expectObservable(held$).toBe('---------(r|)', { r: { ...delivered(two, 'backup'), how: 'backedUp' } });
    }));

  it('forgets a bucket when nobody listens any more', () =>
    marbles((m) => {
      const { write, order } = parts(m);
      m.expectObservable(write(() => NEVER)(one, NEVER), '^--!').toBe('-');
      m.flush();
      expect(completed(order.enter('b').line.join().earlier$)()).toBe(true);
      expect(order.diverted()).toEqual(new Set());
    }));

  it('many behind one that fails, refused by the backup at once: all are told, however many they are', () => {
    const told: unknown[] = [];
    marbles((m) => {
      const order = createOrder();
      order.listing();
      order.listed(new Set());
      const hung = failsWhenTold(new SinkError('s', [unavailable(two)]));
      const primary: Write = (batch, giveUp$) =>
        batch === one ? timer(3, m.scheduler).pipe(mergeMap(() => refused(batch, giveUp$))) : hung(batch, giveUp$);
      const backup: Write = (batch, giveUp$) =>
        batch === one ? timer(2, m.scheduler).pipe(mergeMap(() => refused(batch, giveUp$))) : refused(batch, giveUp$);
      const write = withOrder(backup, { name: 's', order, graceMs: 10, scheduler: m.scheduler })(primary);
      for (const batch of [one, ...Array.from({ length: 500 }, () => two)])
        write(batch, NEVER).subscribe({ error: (error: unknown) => told.push(error instanceof SinkError) });
    });
    expect(told).toEqual(Array.from({ length: 501 }, () => true));
  });
});
